"""The image and the compose file, really run, on a machine that has podman.

    python -m tests.containers                 images that cannot be built here are pulled
    python -m tests.containers --stand-ins     no registry is reached: they are built, stand_ins/

It builds the image, brings `docker-compose.yml` up, waits until events have become outcomes and
Prometheus has counted them, asks the page as a person would, runs broker tests in a container by
podman's Docker socket, and tears all of it down. What was seen and measured is printed as JSON.
"""
