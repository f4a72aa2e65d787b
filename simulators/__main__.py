"""nightlight-sim, or a line that says what to install where the simulators' part of Nightlight is not."""

import sys


def main() -> int:
    try:
        from simulators.app import main as command
    except ModuleNotFoundError as missing:
        print(f"There is no '{missing.name}' here: pip install 'nightlight[sim]'", file=sys.stderr)
        return 2
    return command()


if __name__ == "__main__":
    sys.exit(main())
