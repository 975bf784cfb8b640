# A worker with its bundled models. The PyTorch wheel serves processors and CUDA devices alike.
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir uv==0.13.9
COPY constraints.txt pyproject.toml README.md LICENSE ./
RUN /venv/bin/uv pip install --python /venv/bin/python --no-cache --require-hashes -r constraints.txt
COPY schemas schemas
COPY inference inference
COPY streams streams
RUN /venv/bin/uv pip install --python /venv/bin/python --no-cache --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 shop
COPY --from=build /venv /venv
USER shop
WORKDIR /home/shop
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
ENTRYPOINT ["shopstreams"]
CMD ["run"]
