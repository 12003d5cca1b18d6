"""The client of ../client.mjs in Python, with grpcio, which is gRPC C-core."""

import json
import os
import sys
import threading
import time

import grpc

METHOD = "/testenv.Backend/Name"
PAUSE_S = 0.005
DEADLINE_S = 10

printing = threading.Lock()


def ask(target: str) -> None:
    """Asks a target again and again, over a channel of its own."""
    name = grpc.insecure_channel(target).unary_unary(METHOD)
    while True:
        try:
            tell({"target": target, "from": name(b"", timeout=DEADLINE_S).decode()})
        except grpc.RpcError as error:
            tell({"target": target, "error": f"{error.code().name}: {error.details()}"})
        time.sleep(PAUSE_S)


def tell(answer: dict) -> None:
    """Prints an answer as one line."""
    with printing:
        print(json.dumps(answer), flush=True)


for line in sys.stdin:
    threading.Thread(target=ask, args=(line.strip(),), daemon=True).start()
os._exit(0)  # the threads never end
