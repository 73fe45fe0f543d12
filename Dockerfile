# Builds Cairn on a minimal Debian 12 with the same scripts as everywhere else, and keeps only what runs.
FROM debian:bookworm-slim AS build
COPY . /src
WORKDIR /src
RUN scripts/setup run && make -s -j"$(nproc)" && make -s install DESTDIR=/out PREFIX=/usr/local

FROM debian:bookworm-slim
RUN apt-get -q update && apt-get -q install -y --no-install-recommends \
        libmicrohttpd12 libjansson4 libyajl2 libpcre2-8-0 libgsl27 libsodium23 libmaxminddb0 libsqlite3-0 \
        libpq5 libcurl4 zlib1g libzstd1 liblzma5 libxxhash0 libicu72 ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home /var/lib/cairn --create-home cairn
COPY --from=build /out/ /
USER cairn
VOLUME /var/lib/cairn
EXPOSE 8722
ENTRYPOINT ["/usr/local/bin/cairn"]
CMD ["serve", "--data", "/var/lib/cairn", "--listen", "0.0.0.0:8722"]
