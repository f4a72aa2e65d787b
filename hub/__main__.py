"""nightlight-hub, or a line that says what to install where the hub's part of Nightlight is not."""

import sys


def main() -> None:
    try:
        from hub.app import main as command
    except ModuleNotFoundError as missing:
        print(f"There is no '{missing.name}' here: pip install 'nightlight[hub]'", file=sys.stderr)
        sys.exit(2)
    command()


if __name__ == "__main__":
    main()
