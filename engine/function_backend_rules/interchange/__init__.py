"""Definitions from and to the files of others: CSV, GoRules JDM, DMN."""
