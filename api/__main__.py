"""`python -m api` is the `flotilla` command."""

from api.cli import main

if __name__ == "__main__":
    main()
