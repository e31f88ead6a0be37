#!/usr/bin/env python3
"""Reads `cargo metadata` and fails if a crate's licence is not one that deny.toml allows.

An expression holds if one side of an `OR`, and both sides of an `AND`, are allowed; `/` is the old way to write `OR`.
"""
import json
import re
import sys
import tomllib


def holds(expression, allowed):
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def either():
        value = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            right = both()
            value = value or right
        return value

    def both():
        value = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            right = one()
            value = value and right
        return value

    def one():
        token = tokens.pop(0)
        if token == "(":
            value = either()
            tokens.pop(0)
            return value
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            token += " WITH " + tokens.pop(0)
        return token in allowed

    return either()


def main():
    with open(sys.argv[1], "rb") as file:
        allowed = set(tomllib.load(file)["licenses"]["allow"])
    packages = json.load(sys.stdin)["packages"]
    refused = [p for p in packages if not p["license"] or not holds(p["license"], allowed)]
    for p in refused:
        print(f'{p["name"]} {p["version"]}: {p["license"] or "no licence given"}', file=sys.stderr)
    if refused:
        sys.exit("These licences are not among those deny.toml allows: add one only if it goes with the EUPL-1.2.")
    print(f"one TLS stack; the licences of {len(packages)} crates go with the EUPL-1.2")


main()
