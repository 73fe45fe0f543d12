# Cairn. Everything is relative, so the project may stand on a path with spaces in it.
#   make              the server (with dashboard and tracker in it) at build/<variant>/cairn
#   make unit         the fast tests, under a minute        make test      every test
#   make SAN=address test      make SAN=thread test         make check     format, lint, include rules
#   make fuzz FUZZ_SECONDS=60  make bench [BIG=1]           make golden    rewrites tests/golden
#   make install PREFIX=/usr/local DESTDIR=

ifeq ($(origin CC),default)
CC := gcc
endif
SAN     ?=
PREFIX  ?= /usr/local
VENDOR  := deps/vendor
DUCKDB_DIR ?=

VARIANT := $(notdir $(firstword $(CC)))$(if $(SAN),-$(SAN))
B       := build/$(VARIANT)
GEN     := build/gen

PKGS := libmicrohttpd jansson yajl libpcre2-8 gsl libsodium libmaxminddb sqlite3 libpq libcurl \
        zlib libzstd liblzma libxxhash icu-i18n icu-uc
ifneq ($(shell command -v pkg-config 2>/dev/null),)
PKG_CFLAGS := $(patsubst -I%,-isystem%,$(shell pkg-config --cflags $(PKGS) 2>/dev/null))
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
endif
DUCKDB_INC := $(if $(DUCKDB_DIR),$(DUCKDB_DIR),$(VENDOR)/duckdb-header)
DUCKDB_LIB := $(if $(DUCKDB_DIR),$(DUCKDB_DIR),$(VENDOR)/duckdb-lib)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes \
        -Wpointer-arith -Wwrite-strings $(if $(WERROR),-Werror)
OPT  := -O2 -g
ifeq ($(SAN),address)
OPT := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else ifeq ($(SAN),thread)
OPT := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
else ifeq ($(SAN),fuzz)
OPT := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif
CFLAGS   := -std=c11 -D_GNU_SOURCE $(WARN) $(OPT) -fstack-protector-strong -pthread
CPPFLAGS := -include src/base/banned.h -Isrc -I$(GEN) -isystem $(DUCKDB_INC) $(PKG_CFLAGS) -MMD -MP
LDFLAGS  := $(if $(SAN),$(filter -fsanitize%,$(OPT))) -pthread -Wl,-rpath,'$$ORIGIN' -Wl,-rpath,'$$ORIGIN/..' -Wl,-rpath,'$$ORIGIN/../..' \
            -Wl,-rpath,'$$ORIGIN/../lib/cairn' -Wl,-z,relro,-z,now
LDLIBS   := -L$(B) -lduckdb $(PKG_LIBS) -lm

SOURCES := $(sort $(shell find src -name '*.c'))
TESTS   := $(filter %_test.c,$(SOURCES))
FUZZERS := $(filter %_fuzz.c,$(SOURCES))
LIBSRC  := $(filter-out src/main.c $(TESTS) $(FUZZERS),$(SOURCES))
GENSRC  := $(if $(wildcard scripts/ua-tables.mjs),$(GEN)/ua_tables.c)
BENCHES := $(sort $(wildcard bench/*_bench.c))
TOOLS   := $(sort $(wildcard tests/tools/*.c))

LIBOBJ   := $(LIBSRC:%.c=$(B)/%.o) $(GENSRC:$(GEN)/%.c=$(B)/gen/%.o)
TESTBIN  := $(TESTS:src/%.c=$(B)/test/%)
FUZZBIN  := $(FUZZERS:src/%.c=$(B)/corpus/%)
BENCHBIN := $(BENCHES:bench/%.c=$(B)/bench/%)
TOOLBIN  := $(TOOLS:tests/tools/%.c=$(B)/tools/%)

.PHONY: all web unit test check fuzz bench golden install clean format tests-built dist run
.DELETE_ON_ERROR:
.SECONDARY:

all: $(B)/cairn

# --- generated sources and the web parts -----------------------------------------------------------
NODE     := $(VENDOR)/node/bin/node
ASSETS   := build/assets
WEBSRC   := $(shell find web tracker -type f -not -path '*/node_modules/*' 2>/dev/null | sed 's/ /\\ /g')

$(GEN)/ua_tables.c: scripts/ua-tables.mjs $(VENDOR)/uap-core/regexes.yaml $(VENDOR)/crawlers/crawler-user-agents.json
	@mkdir -p $(@D)
	$(NODE) scripts/ua-tables.mjs $(VENDOR) >$@

$(ASSETS)/.built: $(WEBSRC) package-lock.json scripts/build-web
	scripts/build-web $(ASSETS)
	@touch $@
web: $(ASSETS)/.built

# Every file below build/assets, with its gzip and brotli forms, in one object.
$(GEN)/assets.S $(GEN)/assets.c &: $(ASSETS)/.built scripts/embed.mjs $(wildcard docs/openapi.json)
	@mkdir -p $(GEN)
	$(NODE) scripts/embed.mjs $(ASSETS) $(GEN)

# --- the library and the program -------------------------------------------------------------------
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@
$(B)/gen/%.o: $(GEN)/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@
$(B)/gen/%.o: $(GEN)/%.S
	@mkdir -p $(@D)
	$(CC) -c $< -o $@

$(B)/libduckdb.so: $(DUCKDB_LIB)/libduckdb.so
	@mkdir -p $(@D)
	cp -f $< $@
$(B)/libcairn.a: $(LIBOBJ)
	rm -f $@ && ar rcs $@ $^
# The dashboard's files are linked apart, so that C tests build without the web parts.
$(B)/cairn: $(B)/src/main.o $(B)/gen/assets.o $(B)/gen/assets-data.o $(B)/libcairn.a $(B)/libduckdb.so
	$(CC) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) -o $@
$(B)/gen/assets-data.o: $(GEN)/assets.S
	@mkdir -p $(@D)
	$(CC) -c $< -o $@

# --- tests -----------------------------------------------------------------------------------------
$(B)/test/%: $(B)/src/%.o $(B)/libcairn.a $(B)/libduckdb.so
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(filter %.o %.a,$^) -lcmocka $(LDLIBS) -o $@
# A fuzz target with a plain main: runs the saved corpus, part of `make test`.
$(B)/corpus/%: $(B)/src/%.o $(B)/tests/fuzz_main.o $(B)/libcairn.a $(B)/libduckdb.so
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) -o $@
# The same target under libFuzzer (clang, SAN=fuzz): scripts/fuzz.
$(B)/fuzz/%: $(B)/src/%.o $(B)/libcairn.a $(B)/libduckdb.so
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -fsanitize=fuzzer $(filter %.o %.a,$^) $(LDLIBS) -o $@
$(B)/bench/%: $(B)/bench/%.o $(B)/libcairn.a $(B)/libduckdb.so
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) -ldl -o $@
$(B)/tools/%: $(B)/tests/tools/%.o $(B)/libcairn.a $(B)/libduckdb.so
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) -o $@

tests-built: $(TESTBIN) $(FUZZBIN)
unit: tests-built
	scripts/run-tests unit $(B)
test: tests-built $(B)/cairn $(TOOLBIN)
	scripts/run-tests all $(B)

# --- proofs that take longer -----------------------------------------------------------------------
FUZZ_SECONDS ?= 60
fuzz:
	scripts/fuzz $(FUZZ_SECONDS) $(FUZZERS)
bench: $(BENCHBIN) $(B)/cairn $(TOOLBIN)
	scripts/bench $(B) $(if $(BIG),big)
golden: $(TESTBIN) $(B)/cairn
	GOLDEN=rewrite scripts/run-tests all $(B)

check:
	scripts/check
format:
	find src tests bench -name '*.[ch]' -print0 | xargs -0 clang-format -i
compile_commands.json: Makefile
	@scripts/compile-commands '$(CC) $(CPPFLAGS) $(CFLAGS)' $(SOURCES) >$@

install: $(B)/cairn
	install -D -m 755 $(B)/cairn $(DESTDIR)$(PREFIX)/bin/cairn
	install -D -m 644 $(B)/libduckdb.so $(DESTDIR)$(PREFIX)/lib/cairn/libduckdb.so
	install -D -m 644 man/cairn.1 $(DESTDIR)$(PREFIX)/share/man/man1/cairn.1
	install -D -m 644 docs/cairn.service $(DESTDIR)$(PREFIX)/lib/systemd/system/cairn.service
	[ -e $(DESTDIR)/etc/cairn.conf ] || install -D -m 600 docs/cairn.conf $(DESTDIR)/etc/cairn.conf
	install -D -m 644 $(VENDOR)/geo/geo-whois-asn-country.mmdb $(DESTDIR)$(PREFIX)/share/cairn/country.mmdb
dist:
	mkdir -p build && git archive --prefix=cairn/ -o build/cairn.tar.gz HEAD
clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
