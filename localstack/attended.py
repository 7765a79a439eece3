"""Runs MiniStack for as long as the process that started it lives.

Its standard input is a pipe that the starter holds open and never writes to. However the starter ends (return, Ctrl-C,
SIGKILL), the pipe closes; then the folder of this instance goes, and with it the process group: MiniStack and the Lambda
processes that it made. Usage: attended.py FOLDER
"""

import os
import shutil
import signal
import sys
import threading


def end_with_the_starter(folder):
    os.read(0, 1)
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


threading.Thread(target=end_with_the_starter, args=(sys.argv[1],), daemon=True).start()
sys.argv = ["ministack"]

from ministack.app import main  # noqa: E402  (after argv: it parses the command line)

main()
