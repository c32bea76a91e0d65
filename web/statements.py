"""SQL statements that are made once, and executed on the driver's own cursor.

A module makes each of its statements once, from SQLAlchemy's expressions, with a `bindparam` for
each value. A statement is compiled once for each kind of database. After that, an execution costs
4 microseconds of SQLAlchemy's and the driver's time; `Connection.execute` costs 31.

A statement runs in a `Transaction` of `web/transactions.py`, or in that of an ORM session.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

from sqlalchemy import Delete, Dialect, Insert, Update, bindparam, insert
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import SelectBase

R = TypeVar("R")
Convert = Callable[[Any], Any]
Parameters = Sequence[Any] | dict[str, Any]


class Executor(Protocol):
    """What can execute a statement: a `Transaction`, or an ORM session."""

    @property
    def dialect(self) -> Dialect:
        """The kind of database."""

    @property
    def info(self) -> dict[Any, Any]:
        """What belongs to the transaction, such as the events to write when it commits."""

    def run(self, sql: str, parameters: Parameters) -> DBAPICursor:
        """Execute SQL with the driver's placeholders."""


class _Compiled(NamedTuple):
    """A statement for one kind of database.

    `constants` are the values that the statement itself has. `order` is None for a driver whose
    placeholders have names. `conversions` are for the columns whose driver values are not the
    values of this project.
    """

    sql: str
    constants: dict[str, Any]
    bindings: list[tuple[str, Convert]]
    order: list[str] | None
    conversions: list[tuple[int, Convert]]


class _Statement:
    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def _run(self, db: Executor, values: dict[str, Any]) -> tuple[DBAPICursor, _Compiled]:
        dialect = db.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._statement, dialect)
        parameters: dict[str, Any] = {**compiled.constants, **values}
        for name, bind in compiled.bindings:
            parameters[name] = bind(parameters[name])
        if compiled.order is None:
            return db.run(compiled.sql, parameters), compiled
        return db.run(compiled.sql, [parameters[name] for name in compiled.order]), compiled


class Query(_Statement, Generic[R]):
    """A SELECT. `make` is called with the columns of each row, in their order."""

    def __init__(self, statement: SelectBase, make: Callable[..., R]) -> None:
        super().__init__(statement)
        self._make = make

    def one(self, db: Executor, **values: object) -> R | None:
        """Return the first row, or None."""
        cursor, compiled = self._run(db, values)
        row = cursor.fetchone()
        if row is None:
            return None
        return self._convert(row, compiled)

    def all(self, db: Executor, **values: object) -> list[R]:
        """Return every row."""
        cursor, compiled = self._run(db, values)
        return [self._convert(row, compiled) for row in cursor.fetchall()]

    def _convert(self, row: Sequence[Any], compiled: _Compiled) -> R:
        columns = list(row)
        for index, convert in compiled.conversions:
            columns[index] = convert(columns[index])
        return self._make(*columns)


class Change(_Statement):
    """An INSERT, UPDATE or DELETE."""

    def __init__(self, statement: Insert | Update | Delete) -> None:
        if isinstance(statement, Insert):
            statement = statement.inline()  # PostgreSQL would return the new key.
        super().__init__(statement)

    @classmethod
    def insert(cls, table: Any, *columns: str) -> Self:
        """Return an INSERT of one row, whose values have the names of the `columns`."""
        return cls(insert(table).values({name: bindparam(name) for name in columns}))

    def run(self, db: Executor, **values: object) -> int:
        """Execute the statement, and return the number of rows that it changed."""
        cursor, _ = self._run(db, values)
        return cursor.rowcount


def _compile(statement: Any, dialect: Dialect) -> _Compiled:
    """Return the statement for one kind of database.

    :raises ValueError: when its text depends on a value, such as on the length of a list.
    """
    compiled: SQLCompiler = statement.compile(dialect=dialect)
    if compiled.post_compile_params:
        raise ValueError(f"this statement is not the same for all values: {compiled.string}")
    # A name that occurs twice has two of these objects.
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    return _Compiled(
        sql=compiled.string,
        constants={
            name: value for name, value in compiled.params.items() if not binds[name].required
        },
        bindings=_list_conversions(
            (name, bind.type.dialect_impl(dialect).bind_processor(dialect))
            for name, bind in binds.items()
        ),
        order=compiled.positiontup,
        conversions=_list_conversions(
            (index, column.type.dialect_impl(dialect).result_processor(dialect, None))
            for index, column in enumerate(getattr(statement, "selected_columns", ()))
        ),
    )


def _list_conversions(conversions: Any) -> list[Any]:
    """Return the pairs that have a function: most types need no conversion."""
    return [(key, convert) for key, convert in conversions if convert is not None]
