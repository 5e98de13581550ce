"""What is measured: a module for each part, each with a function `measure` that returns Markdown."""
