# SPDX-License-Identifier: Apache-2.0
"""What scripts/check_sizes.py finds too large, and what it must not take for something else."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))

from check_sizes import Source, check  # noqa: E402


def functions(source):
    """Name → (lines, parameters) of all functions and lambdas."""
    return {f.name: (f.lines, f.parameters) for f in Source(source).functions}


def padded(lines):
    return "\n".join(["  step();"] * lines)


@pytest.mark.parametrize("declaration, name, parameters", [
    ("void f();", "f", 0),
    ("void f(int a, double b = g(1, 2), std::map<int, int> c = {{1, 2}, {3, 4}});", "f", 3),
    ("std::function<void(int, int, int)> make(int a, std::array<int, 3> b) { return {}; }",
     "make", 2),
    ("template <typename T, int N = 3>\nT sum(T a, T b) requires(N > 2) { return a + b; }", "sum", 2),
    ("bool operator==(const A& a, const B& b) { return a.x < b.x; }", "operator==", 2),
    ("struct A { double operator()(int a, int b) const; };", "operator()", 2),
    ("struct A { explicit A(int a, int b) : a_(a), b_{b, 2}, C<int>{b} { go(a, b); } };", "A", 2),
    ("A::A(int a)\n    : a_(a) {}", "A::A", 1),
    ("[[gnu::format(printf, 1, 2)]] std::string f(const char* pattern, ...);", "f", 2),
    ("auto f(int a) -> std::pair<int, int> { return {a, a}; }", "f", 1),
    ("class A {\n public:\n  virtual ~A() = default;\n  int f(int a) const noexcept = 0;\n};", "f", 1),
    ("namespace a::b {\nextern \"C\" {\nint f(int a, int b) { return a; }\n}\n}", "f", 2),
    ("#define X(a) { (\nint f(int a) { return a; }", "f", 1),
    ("int f(int a /* , int b */) {  // }\n  return a + ')' + 1'000;\n}", "f", 1),
    ("const char* f(int a) { return R\"x(}}, ((int b)x\"; }", "f", 1),
    ("auto f = [](int a, int b) { return a; };", "lambda", 2),
    ("void f() { g([&](auto a, auto b, auto c) { return a; }, [] {}); }", "lambda", 3),
])
def test_counts_the_parameters_of(declaration, name, parameters):
    assert functions(declaration)[name][1] == parameters


def test_what_is_no_function_is_none():
    for source in ("int a = f(1, 2, 3, 4, 5, 6, 7);", "const A kTable[] = {{f(1, 2), 3}, {4, 5}};",
                   "enum class E { kA, kB };", "using F = void(int, int);",
                   "struct A { int a = 1, b{2}; };", "A a{.b = 1, .c = {2, 3}};"):
        assert functions(source) == {}, source


def test_names_tests_without_counting_their_macro():
    source = f"TEST_F(Suite, Name) {{\n{padded(3)}\n}}\n"
    assert functions(source) == {"TEST_F(Suite, Name)": (5, 0)}


def test_lines_run_from_the_first_of_the_head_to_the_closing_brace():
    source = f"namespace a {{\n\nint f(int a,\n      int b) {{\n{padded(10)}\n}}\n\n}}  // namespace a\n"
    assert functions(source) == {"f": (13, 2)}


def test_lines_of_a_constructor_include_its_initializers():
    source = f"A::A(int a)\n    : a_(a),\n      b_{{a}} {{\n{padded(2)}\n}}\nint g() {{ return 1; }}\n"
    assert functions(source) == {"A::A": (6, 1), "g": (1, 0)}


def test_a_lambda_of_a_table_is_measured_by_itself():
    source = f"const T kTable = {{[](int a) {{\n{padded(70)}\n}}}};\n"
    assert functions(source) == {"lambda": (72, 1)}


def test_limits_are_allowed_and_one_more_is_not():
    six = ", ".join(f"int a{i}" for i in range(6))
    good = f"void f({six}) {{\n{padded(58)}\n}}\n" + "\n" * 340
    assert good.count("\n") == 400
    assert check("a.cpp", good) == {}
    bad = f"void f({six}, int g) {{\n{padded(59)}\n}}\n" + "\n" * 340
    assert check("a.cpp", bad) == {
        ("a.cpp", ""): ["a.cpp: 401 lines; at most 400"],
        ("a.cpp", "f"): ["a.cpp:1: f has 61 lines; at most 60",
                         "a.cpp:1: f takes 7 parameters; at most 6"]}


def test_brackets_that_do_not_match_are_a_fault():
    assert check("a.cpp", "void f( {}") == {("a.cpp", ""): ["a.cpp: line 1: '(' is not closed"]}
    assert check("a.cpp", "int a = 1)") == {("a.cpp", ""): ["a.cpp: line 1: ')' closes nothing"]}
