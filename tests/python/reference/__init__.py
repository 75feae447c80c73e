# SPDX-License-Identifier: Apache-2.0
"""Reference implementation in Python, written from the specification, to test the C++ against."""
