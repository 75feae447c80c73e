#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that nothing in the C++ sources has grown too big to be read at one sitting.

- A source has at most 400 lines.
- A function, from its first line to its closing brace, has at most 60.
- A function, constructor or lambda has at most 6 parameters.

The sources are split into tokens, not parsed: what a brace opens is told from the tokens before it.
That is enough for code that clang-format has laid out, and needs nothing but Python.
"""
import dataclasses
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("src", "include", "apps", "tests")
SUFFIXES = {".h", ".cpp", ".cu", ".cuh"}
MOST_LINES_OF_FILE = 400
MOST_LINES_OF_FUNCTION = 60
MOST_PARAMETERS = 6

# What may be larger: (path, name of the function, or "" for the file as a whole) and the reason.
EXCEPTIONS: dict[tuple[str, str], str] = {}

TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<directive>^[ \t]*\#(?:[^\n\\]|\\.)*)
      | (?P<text>(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"
              | (?:u8|[uUL])?"(?:[^"\\\n]|\\.)*"
              | (?:u8|[uUL])?'(?:[^'\\\n]|\\.)*')
      | (?P<number>\.?\d(?:'?[\w.]|(?<=[eEpP])[+-])*)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<sign>::|->|\.\.\.|<=>|<<=|<=|>=|<<|\+\+|--|&&|\|\||[-+*/%&|^=!]=|\S)""",
    re.VERBOSE | re.MULTILINE | re.DOTALL)

CLOSING = {"(": ")", "[": "]", "{": "}"}
# Words before a parenthesis that opens no list of parameters.
NO_FUNCTION = {"alignas", "decltype", "explicit", "noexcept", "requires", "sizeof", "throw",
               "__attribute__", "__declspec"}
MACRO = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclasses.dataclass(frozen=True)
class Token:
    kind: str
    text: str
    line: int


@dataclasses.dataclass(frozen=True)
class Function:
    name: str
    line: int
    lines: int  # 0 for a declaration
    parameters: int


def split(source: str) -> list[Token]:
    """The tokens without spaces, comments and directives."""
    tokens = []
    line = 1
    for match in TOKEN.finditer(source):
        if match.lastgroup not in ("skip", "directive"):
            kind = "text" if match["text"] is not None else match.lastgroup
            tokens.append(Token(kind, match.group(), line))
        line += match.group().count("\n")
    return tokens


def pair_brackets(tokens: list[Token]) -> dict[int, int]:
    """Where each bracket that opens is closed; a ValueError where they do not match."""
    closed_at = {}
    opened = []
    for i, token in enumerate(tokens):
        if token.kind != "sign":
            continue
        if token.text in CLOSING:
            opened.append(i)
        elif token.text in CLOSING.values():
            if not opened or CLOSING[tokens[opened[-1]].text] != token.text:
                raise ValueError(f"line {token.line}: '{token.text}' closes nothing")
            closed_at[opened.pop()] = i
    if opened:
        raise ValueError(f"line {tokens[opened[-1]].line}: '{tokens[opened[-1]].text}' is not closed")
    return closed_at


class Source:
    """The functions of one source, found by walking its namespaces and classes."""

    def __init__(self, text: str):
        self.tokens = split(text)
        self.closed_at = pair_brackets(self.tokens)
        self.functions: list[Function] = []
        self.walk(0, len(self.tokens))

    def walk(self, i: int, end: int) -> None:
        """Declarations from i to end, which lie in a namespace or a class."""
        start = i
        while i < end:
            text = self.sign(i)
            if text == "{":
                is_over = self.brace(start, i)
                i = self.closed_at[i] + 1
                start = i if is_over else start
            elif text in ("(", "["):
                i = self.closed_at[i] + 1
            elif text == ";":
                self.declaration(start, i)
                i += 1
                start = i
            elif text == ":" and self.tokens[i - 1].text in ("public", "protected", "private"):
                i += 1
                start = i
            else:
                i += 1

    def brace(self, start: int, i: int) -> bool:
        """Takes in what the brace at i opens. Whether that ends the declaration from start on."""
        head = self.head(start, i)
        end = self.closed_at[i]
        words = {self.tokens[k].text for k in head if self.tokens[k].kind == "word"}
        parameters = self.parameters(head)
        is_scope = "namespace" in words or (parameters is None and
                                            words & {"class", "struct", "union", "extern"})
        if self.assigned(head):
            return False
        if is_scope:
            self.walk(i + 1, end)
            return True
        if parameters is None or self.initializes_member(parameters, i):
            return False
        self.lambdas(start, end, measured=False)
        self.add(start, parameters, end)
        return True

    def initializes_member(self, parameters: int, i: int) -> bool:
        """Whether the brace at i initializes a member or a base before a constructor's body."""
        if self.initializer_list(parameters, i) is None:
            return False
        before = self.tokens[i - 1]
        return before.kind == "word" or before.text == ">"

    def initializer_list(self, parameters: int, end: int) -> int | None:
        """Where the colon of a constructor's initializers is."""
        k = self.closed_at[parameters] + 1
        while k < end:
            text = self.sign(k)
            if text == ":":
                return k
            k = self.closed_at[k] + 1 if text in CLOSING else k + 1
        return None

    def declaration(self, start: int, end: int) -> None:
        head = self.head(start, end)
        parameters = self.parameters(head)
        self.lambdas(start, end, measured=True)
        if parameters is not None:
            self.add(start, parameters, None)

    def head(self, start: int, end: int) -> list[int]:
        """The places of the tokens outside of brackets, of attributes and of template arguments."""
        places = []
        depth = 0
        i = start
        while i < end:
            text = self.sign(i)
            name = places and self.tokens[places[-1]]
            if text == "<" and name and name.kind == "word" and name.text != "operator":
                depth += 1
            elif text == ">" and depth:
                depth -= 1
                if not depth:
                    places.append(i)
            elif not depth:
                places.append(i)
            i = self.closed_at[i] + 1 if text in CLOSING else i + 1
        return places

    def parameters(self, head: list[int]) -> int | None:
        """Where the list of parameters opens, if this is the head of a function."""
        for n, i in enumerate(head):
            text = self.sign(i)
            if text == "=" and self.tokens[head[n - 1]].text != "operator":
                return None
            if text != "(" or n == 0:
                continue
            before = self.tokens[head[n - 1]]
            if before.text in NO_FUNCTION:
                continue
            if before.text == "operator" and self.closed_at[i] == i + 1:
                continue  # operator()
            is_operator = any(self.tokens[k].text == "operator" for k in head[max(0, n - 4):n])
            if before.kind == "word" or is_operator or before.text in (")", ">"):
                return i
        return None

    def assigned(self, head: list[int]) -> bool:
        """Whether the head holds an equals sign that is no operator's name."""
        return any(self.sign(i) == "=" and self.tokens[head[n - 1]].text != "operator"
                   for n, i in enumerate(head))

    def lambdas(self, start: int, end: int, measured: bool) -> None:
        """Lambdas from start to end; their lines count where no function around them has them."""
        i = start
        while i < end:
            if not self.opens_lambda(i):
                i += 1
                continue
            bracket = i
            i = self.closed_at[i] + 1
            parameters = i if self.sign(i) == "(" else None
            body = i
            while body < end and self.sign(body) not in ("{", ";", ",", ")"):
                body = self.closed_at[body] + 1 if self.sign(body) in CLOSING else body + 1
            has_body = body < end and self.sign(body) == "{"
            lines = 0
            if has_body and measured:
                lines = self.tokens[self.closed_at[body]].line - self.tokens[bracket].line + 1
            if parameters is not None and has_body:
                self.functions.append(Function("lambda", self.tokens[bracket].line, lines,
                                               self.count(parameters)))

    def opens_lambda(self, i: int) -> bool:
        if self.sign(i) != "[" or self.sign(i + 1) == "[" or i == 0:
            return False
        before = self.tokens[i - 1]
        if before.kind == "word":
            return before.text in ("return", "co_return")
        return before.kind == "sign" and before.text not in (")", "]", "[", "}", ">")

    def add(self, start: int, parameters: int, end: int | None) -> None:
        name = self.name(start, parameters)
        # A macro such as TEST(Suite, Name) has a body, but no parameters of a function.
        is_macro = MACRO.fullmatch(self.tokens[start].text) and parameters == start + 1
        if is_macro:
            name = "".join(t.text for t in self.tokens[start:self.closed_at[parameters] + 1])
            name = name.replace(",", ", ")
        lines = 0 if end is None else self.tokens[end].line - self.tokens[start].line + 1
        self.functions.append(Function(name, self.tokens[start].line, lines,
                                       0 if is_macro else self.count(parameters)))

    def name(self, start: int, parameters: int) -> str:
        i = parameters - 1
        while i > start and (self.tokens[i].kind == "sign" or
                             self.tokens[i - 1].text in ("::", "~", "operator")):
            i -= 1
        return "".join(token.text for token in self.tokens[i:parameters])

    def count(self, opening: int) -> int:
        """The parameters of the list that opens here."""
        closing = self.closed_at[opening]
        if closing == opening + 1:
            return 0
        commas = 0
        angles = 0
        i = opening + 1
        while i < closing:
            text = self.sign(i)
            if text == "<" and self.tokens[i - 1].kind == "word":
                angles += 1
            elif text == ">" and angles:
                angles -= 1
            elif text == "," and not angles:
                commas += 1
            i = self.closed_at[i] + 1 if text in CLOSING else i + 1
        return commas + 1

    def sign(self, i: int) -> str:
        """The sign at i; nothing for another kind of token."""
        if i >= len(self.tokens) or self.tokens[i].kind != "sign":
            return ""
        return self.tokens[i].text


def check(path: str, text: str) -> dict[tuple[str, str], list[str]]:
    """What is too large in a source, by the path and the name that an exception would have."""
    faults: dict[tuple[str, str], list[str]] = {}
    lines = text.count("\n")
    if lines > MOST_LINES_OF_FILE:
        faults[path, ""] = [f"{path}: {lines} lines; at most {MOST_LINES_OF_FILE}"]
    try:
        functions = Source(text).functions
    except ValueError as error:
        return {(path, ""): [f"{path}: {error}"]}
    for function in functions:
        where = f"{path}:{function.line}: {function.name}"
        found = []
        if function.lines > MOST_LINES_OF_FUNCTION:
            found.append(f"{where} has {function.lines} lines; at most {MOST_LINES_OF_FUNCTION}")
        if function.parameters > MOST_PARAMETERS:
            found.append(f"{where} takes {function.parameters} parameters; "
                         f"at most {MOST_PARAMETERS}")
        if found:
            faults.setdefault((path, function.name), []).extend(found)
    return faults


def main() -> int:
    faults = {}
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in SUFFIXES:
                path = str(file.relative_to(ROOT))
                faults.update(check(path, file.read_text(encoding="utf-8")))
    lines = [line for key, found in faults.items() if key not in EXCEPTIONS for line in found]
    lines += [f"{path}: {name or 'the file'} needs no exception any more"
              for path, name in EXCEPTIONS if (path, name) not in faults]
    print("\n".join(lines) if lines else "sizes: clean")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
