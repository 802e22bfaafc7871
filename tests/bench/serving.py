"""How the services that ours is compared with are served: the frame, the process and the server flags of ours."""

import socket

from app.logs import configure_logs
from app.process import settle
from app.serving.ending import Ending
from app.serving.http import Parts, create_app
from app.serving.server import Server


def serve(parts: Parts) -> None:
    """Listen on a free port, print the address, and answer until told to stop."""
    configure_logs()
    ending = Ending()
    ending.server = server = Server(create_app(parts), on_stop=lambda: None)
    with ending.heard(), socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        settle()
        server.run(sockets=[listening])
