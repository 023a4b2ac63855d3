"""The few things that a gallery asks of Milvus, a Lite file or a server."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bareface.errors import DataError
from bareface.recognition.gallery.index import HnswIndex

CHARACTERS = 60_000
"""Of a text that go into one row; a field of text holds 65,535 bytes."""
AT_ONCE = 1000
"""Rows that are sent or fetched at a time."""
Row = dict[str, Any]


class MilvusClient:
    """A connection.

    Args:
        uri: A file that ends in ``.db``, or the address of a server.
        where: For messages.

    Raises:
        ValueError: The package is not installed.
        DataError: The server cannot be reached, or somebody else has the file open.
    """

    def __init__(self, uri: str, where: str) -> None:
        try:
            import pymilvus
        except ImportError as error:
            raise ValueError(f"gallery={where}: needs pymilvus. Install it: pip install 'bareface[milvus]'.") from error
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # errors arrive as exceptions
        self.types, self.error = pymilvus.DataType, pymilvus.MilvusException
        if "://" not in uri:
            Path(uri).parent.mkdir(parents=True, exist_ok=True)
        try:
            self.client: Any = pymilvus.MilvusClient(uri, timeout=30)
        except Exception as error:  # grpc's and Milvus Lite's own kinds, and some plain ones
            reason = " ".join(str(error).split())[:200]
            raise DataError(f"{where}: cannot be opened ({reason}). Is the server up, or the file in use?") from error

    def names(self, prefix: str) -> list[str]:
        """Collections whose name begins so."""
        return sorted(name for name in self.client.list_collections() if name.startswith(prefix))

    def create(self, name: str, fields: dict[str, Any], size: int, index: str, built: Row) -> None:
        """Makes a collection of rows with an ``id``, an ``embedding`` and other fields.

        Args:
            name: Of the collection.
            fields: Type of each other field.
            size: Length of an embedding.
            index: Milvus's word for the kind of index.
            built: Parameters of the index.
        """
        schema = self.client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", self.types.VARCHAR, is_primary=True, max_length=64)
        schema.add_field("embedding", self.types.FLOAT_VECTOR, dim=size)
        for field, kind in fields.items():
            schema.add_field(field, kind, **({"max_length": 65_535} if kind == self.types.VARCHAR else {}))
        indices = self.client.prepare_index_params()
        indices.add_index("embedding", index_type=index, metric_type="IP", params=built)
        self.client.create_collection(name, schema=schema, index_params=indices, consistency_level="Strong")

    def loaded(self, name: str) -> bool:
        """Makes a collection readable; false for one whose making was interrupted."""
        try:
            self.client.load_collection(name)
        except self.error:
            return False
        return True

    def drop(self, name: str) -> None:
        """Deletes a collection with all that is in it."""
        self.client.drop_collection(name)

    def put(self, name: str, rows: Sequence[Row]) -> None:
        """Adds rows; one with a known id takes the place of the old one."""
        for start in range(0, len(rows), AT_ONCE):
            self.client.upsert(name, list(rows[start : start + AT_ONCE]))

    def delete(self, name: str, which: str) -> None:
        """Deletes the rows that an expression names."""
        self.client.delete(name, filter=which)

    def rows(self, name: str, which: str, fields: Sequence[str]) -> Iterator[Row]:
        """The rows that an expression names."""
        found = self.client.query_iterator(name, filter=which, output_fields=list(fields), batch_size=AT_ONCE)
        try:
            while batch := found.next():
                yield from batch
        finally:
            found.close()

    def count(self, name: str, which: str) -> int:
        """How many rows an expression names."""
        return int(self.client.query(name, filter=which, output_fields=["count(*)"])[0]["count(*)"])

    def nearest(
        self, name: str, probes: list[list[float]], k: int, which: str, fields: Sequence[str]
    ) -> list[list[Row]]:
        """The nearest rows of those that an expression names, for each probe, best first."""
        breadth = {"params": {"ef": max(HnswIndex.WHILE_SEARCHING, k)}}
        found: list[list[Row]] = self.client.search(
            name, data=probes, limit=k, filter=which, output_fields=list(fields), search_params=breadth
        )
        return found

    def write_text(self, name: str, version: int, text: str) -> None:
        """Keeps a text under a version; it is in force when the last row, which names the version, is written."""
        if name not in self.names(name):
            self.create(name, {"text": self.types.VARCHAR}, 2, "FLAT", {})
        parts = [text[start : start + CHARACTERS] for start in range(0, len(text), CHARACTERS)]
        named = [{"id": f"{version}-{part}", "text": words} for part, words in enumerate(parts)]
        for row in [*named, {"id": "current", "text": f"{version} {len(parts)}"}]:
            self.put(name, [{**row, "embedding": [1.0, 0.0]}])
        self.delete(name, f'id != "current" and not (id like "{version}-%")')

    def read_text(self, name: str) -> tuple[int, str] | None:
        """The version in force and its text; None where there is none."""
        if name not in self.names(name):
            return None
        self.client.load_collection(name)
        current = self.client.get(name, ids=["current"], output_fields=["text"])
        if not current:
            return None
        version, parts = map(int, current[0]["text"].split())
        ids = [f"{version}-{part}" for part in range(parts)]
        texts = {row["id"]: row["text"] for row in self.client.get(name, ids=ids, output_fields=["text"])}
        return version, "".join(texts.get(one, "") for one in ids)
