# The service without its embedded database: PostgreSQL is named by FUNCTION_BACKEND_DATABASE_URL.
FROM python:3.11-slim-bookworm AS build
# The user of the image may write nothing, so every start would compile the thousand modules that it loads.
ENV UV_COMPILE_BYTECODE=1
WORKDIR /src
COPY tools/bootstrap.lock requirements-runtime.lock ./
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes --requirement bootstrap.lock \
    && python -m venv --without-pip /opt/function-backend \
    && /opt/build/bin/uv pip install --python /opt/function-backend --no-cache --require-hashes --requirement requirements-runtime.lock
COPY . .
# One build backend for the four distributions: the locked one.
ENV VIRTUAL_ENV=/opt/build PATH=/opt/build/bin:$PATH
RUN uv build --offline --no-build-isolation --wheel --out-dir /wheels generated/python \
    && uv build --offline --no-build-isolation --wheel --out-dir /wheels clients/python \
    && uv build --offline --no-build-isolation --wheel --out-dir /wheels engine \
    && uv build --offline --no-build-isolation --wheel --out-dir /wheels .
RUN /opt/build/bin/uv pip install --python /opt/function-backend --no-cache --offline --no-deps /wheels/*.whl

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent function-backend
COPY --from=build /opt/function-backend /opt/function-backend
ENV PATH=/opt/function-backend/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 10001
EXPOSE 50051 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
    CMD ["function-backend", "health", "--address", "127.0.0.1:50051"]
ENTRYPOINT ["function-backend"]
CMD ["serve"]
