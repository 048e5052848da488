"""`python -m api.cli`: the `flotilla` command where it is not installed, as in its image."""

from api.cli.root import main

if __name__ == "__main__":
    main()
