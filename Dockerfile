FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
      gcc libc6-dev cmake ninja-build pkg-config \
      libmicrohttpd-dev libcurl4-openssl-dev libsqlite3-dev libjansson-dev libc-ares-dev \
      libunistring-dev libzstd-dev libxxhash-dev zlib1g-dev libssl-dev libuchardet-dev libpsl-dev \
      libseccomp-dev python3 python3-yaml \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cmake -S . -B /build -G Ninja && cmake --build /build && strip /build/crawld \
    && install -d -o 10001 -g 10001 /data

FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
      libmicrohttpd12t64 libcurl4t64 libsqlite3-0 libjansson4 libcares2 \
      libunistring5 libzstd1 libxxhash0 zlib1g libssl3t64 libuchardet0 libpsl5t64 libseccomp2 \
      ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/crawld /usr/local/bin/crawld
COPY --from=build --chown=10001:10001 /data /data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENV CRAWLD_LISTEN=0.0.0.0:8080 \
    CRAWLD_DATABASE=sqlite:/data/crawld.db \
    CRAWLD_NO_AUTH=true
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["crawld", "health"]
ENTRYPOINT ["crawld"]
CMD ["serve"]
