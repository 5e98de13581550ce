"""The same night's work in other tools, a module for each."""
