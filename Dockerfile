# A worker with its bundled models; everything but the build tools.
#   docker build -t shopstreams .
#   docker build -t shopstreams:cuda --build-arg ACCELERATOR=cuda .
# The package index's torch is made for CUDA and for processors; without ACCELERATOR=cuda what only
# a GPU needs is left out, as far as torch starts without it. TORCH_INDEX=URL takes torch from
# another index: PyTorch's own has wheels for processors alone, 2 GB smaller.
FROM python:3.11-slim AS build
ARG ACCELERATOR=cpu
ARG TORCH_INDEX=
ARG UV_VERSION=0.13.9
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON=/venv/bin/python UV_CACHE_DIR=/cache
WORKDIR /src
RUN python -m venv /tools \
    && /tools/bin/pip install --no-cache-dir --disable-pip-version-check uv==${UV_VERSION} \
    && python -m venv --without-pip /venv
COPY constraints.txt pyproject.toml README.md LICENSE deploy/image/prune.py ./
# Pruned in the step that installs: as a layer of its own the whole of torch would be kept too.
RUN --mount=type=cache,target=/cache \
    if [ -n "$TORCH_INDEX" ]; then \
        version=$(sed -n 's/^torch==\([^ ]*\).*/\1/p' constraints.txt) \
        && /tools/bin/uv pip install --no-deps --index-url "$TORCH_INDEX" "torch==$version" \
        && /tools/bin/uv pip install -r pyproject.toml --extra tracing -c constraints.txt; \
    else \
        /tools/bin/uv pip install --require-hashes -r pyproject.toml --extra tracing \
            -c constraints.txt; \
    fi \
    && if [ "$ACCELERATOR" = cpu ]; then /venv/bin/python prune.py; fi
COPY schemas schemas
COPY inference inference
COPY streams streams
RUN --mount=type=cache,target=/cache \
    awk '/^hatchling==/ {p = 1} p {print} p && !/\\$/ {exit}' constraints.txt > build.txt \
    && /tools/bin/uv pip install --python /tools/bin/python --require-hashes -r build.txt \
        -c constraints.txt \
    && /tools/bin/python -m hatchling build -t wheel -d /wheels \
    && /tools/bin/uv pip install --no-deps /wheels/*.whl

FROM python:3.11-slim
COPY --from=build /venv /venv
RUN useradd --uid 10001 --no-log-init --no-create-home --home-dir /var/lib/shopstreams shop \
    && install -d -o shop -g shop -m 0700 /var/lib/shopstreams /run/shopstreams
USER shop
WORKDIR /var/lib/shopstreams
# Nothing outside of this folder and /tmp is written: the root file system may be read-only.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SHOPSTREAMS_ENGINE__STATE_DIR=/var/lib/shopstreams
EXPOSE 6066
# By the configuration's host and port; it starts an interpreter, so not every few seconds.
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 \
    CMD ["shopstreams", "health"]
ENTRYPOINT ["shopstreams"]
CMD ["run"]
