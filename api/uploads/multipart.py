"""Parts of a multipart form as they arrive: one file, and a few short fields."""

from __future__ import annotations

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from api.errors import RefusedError

MAX_FIELD_BYTES = 1 << 14
MAX_PARTS = 16

FILE_FIELD = "file"


class FormReader:
    """Takes the body of a form piece by piece.

    Parameters
    ----------
    boundary : bytes
        What separates the parts, from the content type; not empty.
    fields : frozenset of str
        Names of the fields that may come beside the file.

    Attributes
    ----------
    filename : str
        What the client calls the file; empty until the file begins.
    fields : dict of str to str
        The other fields that have arrived.
    """

    def __init__(self, boundary: bytes, *, fields: frozenset[str]) -> None:
        self.filename = ""
        self.fields: dict[str, str] = {}
        self._allowed = fields
        self._has_file = False
        self._ended = False
        self._n_parts = 0
        self._part = ""
        self._content = bytearray()
        self._file_pieces: list[bytes] = []
        self._header = (bytearray(), bytearray())
        self._headers: dict[bytes, bytes] = {}
        self._parser = self._new_parser(boundary)

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take a piece of the body and return the bytes of the file that were in it.

        Raises
        ------
        RefusedError
            When the form is malformed or has a part that is not asked for: status 400.
        """
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise _malformed("the form is not valid multipart/form-data") from None
        pieces, self._file_pieces = self._file_pieces, []
        return pieces

    def finish(self) -> None:
        """Check at the end of the body that the form is complete.

        Raises
        ------
        RefusedError
            When its end or its file is missing: status 400.
        """
        if not self._ended:
            raise _malformed("the form ends before its closing boundary")
        if not self._has_file:
            raise RefusedError(400, "file_missing", f"send the audio as the field {FILE_FIELD!r}")

    def _on_part_begin(self) -> None:
        """Start a part."""
        self._n_parts += 1
        if self._n_parts > MAX_PARTS:
            raise _malformed(f"the form has more than {MAX_PARTS} parts")
        self._headers = {}
        self._content = bytearray()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a header's name."""
        self._header[0].extend(data[start:end])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a header's text."""
        self._header[1].extend(data[start:end])

    def _on_header_end(self) -> None:
        """Keep a header."""
        name, text = self._header
        self._headers[bytes(name).lower()] = bytes(text)
        self._header = (bytearray(), bytearray())

    def _on_headers_finished(self) -> None:
        """Decide from its headers what a part is."""
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._part = options.get(b"name", b"").decode(errors="replace")
        if self._part == FILE_FIELD:
            if self._has_file:
                raise _malformed("the form has more than one file")
            if b"filename" not in options:
                raise _malformed(f"the field {FILE_FIELD!r} has no file name: send it as a file")
            self._has_file = True
            self.filename = options[b"filename"].decode(errors="replace")
        elif self._part not in self._allowed:
            known = ", ".join(sorted({FILE_FIELD, *self._allowed}))
            raise RefusedError(
                400, "unknown_field", f"{self._part[:100]!r} is none of the fields {known}"
            )
        elif self._part in self.fields:
            raise _malformed(f"the field {self._part!r} comes twice")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a part's content."""
        if self._part == FILE_FIELD:
            self._file_pieces.append(data[start:end])
            return
        self._content.extend(data[start:end])
        if len(self._content) > MAX_FIELD_BYTES:
            raise RefusedError(
                400, "field_too_long", f"{self._part!r} is longer than {MAX_FIELD_BYTES} bytes"
            )

    def _on_part_end(self) -> None:
        """Keep a field."""
        if self._part == FILE_FIELD:
            return
        try:
            self.fields[self._part] = bytes(self._content).decode()
        except UnicodeDecodeError:
            raise RefusedError(
                400, "invalid_text", f"{self._part!r} is not text in UTF-8"
            ) from None

    def _on_end(self) -> None:
        """Note that the closing boundary was there."""
        self._ended = True

    def _new_parser(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError:
            raise _malformed("the boundary of the form is too long") from None


def _malformed(message: str) -> RefusedError:
    return RefusedError(400, "malformed_form", message)
