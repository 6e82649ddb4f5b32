"""``python -m fpcore``: the command line."""

# Worker processes import this module again, under another name, and need nothing of it.
if __name__ == "__main__":
    from fpcore.cli import main

    main()
