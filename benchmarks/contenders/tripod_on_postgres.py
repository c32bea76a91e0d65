"""This project's authorization server on PostgreSQL."""

from benchmarks.contenders.contender import Contender
from benchmarks.contenders.tripod import AUTH_SERVER, Installation
from benchmarks.postgres import Cluster

DATABASE = "PostgreSQL"


class TripodOnPostgres(Contender):
    """The authorization server on PostgreSQL. Its processes are counted, the database's are not."""

    name = "Tripod on PostgreSQL"

    def set_up(self) -> None:
        """Start a private database server and the leg."""
        cluster = Cluster(self.folder / "postgres.txt")
        self.call_at_the_end(cluster.delete)
        self.start(DATABASE, cluster.server)
        cluster.create_database()
        installation = Installation(self.folder, TRIPOD_AUTH_DATABASE_URL=cluster.url)
        server = self.start(AUTH_SERVER, installation.make_server(AUTH_SERVER))
        self.works = installation.make_works(server)
