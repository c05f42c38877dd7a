"""A llama.cpp server on loopback, from the PyPI wheel xllamacpp. Ends with its parent.

usage: llama_server.py MODEL.gguf PORT ALIAS
"""
import os
import sys
import time

from xllamacpp import CommonParams, Server

parent = os.getppid()
params = CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[2])
params.n_ctx = 4096
params.n_parallel = 2
params.warmup = False
params.cpuparams.n_threads = 1
params.model_alias = {sys.argv[3]}
server = Server(params)
print(f"http://127.0.0.1:{sys.argv[2]}", flush=True)
while os.getppid() == parent:
    time.sleep(0.5)
