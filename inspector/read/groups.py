"""Groups of values that belong together (a union-find)."""


class Groups:
    """Values in groups. Each group is named by one of its values."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def join(self, values: list[str]) -> None:
        """Join the groups of these values."""
        for value in values:
            self._parent[self.name_of(value)] = self.name_of(values[0])

    def name_of(self, value: str) -> str:
        """Return the value that names the group of `value`, until the group is joined."""
        parent = self._parent.setdefault(value, value)
        while parent != value:
            self._parent[value] = self._parent[parent]
            value = parent
            parent = self._parent[value]
        return value
