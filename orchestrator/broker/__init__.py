"""The broker: the one process that may talk to Docker, and only what `contract` lists.

Whoever holds Docker's socket is root on the machine, so neither the API nor the reconciler holds it. The broker decides
everything that makes a container safe (user namespaces of the image, capabilities, mounts, networks, profiles); its
clients name a pool, its limits and an image of the broker's own allow-list, nothing else.
"""
