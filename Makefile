# kiln: `make` builds build/kiln; `make help` lists the targets.
#
# Settings (override on the command line): BUILD, CC, V=1 (show commands), SAN=1 (address and
# undefined-behaviour sanitizers, in a build folder of their own).

# --- settings ----------------------------------------------------------------------------------

SHELL    := /bin/bash
BUILD    := build$(if $(SAN),/san)
CC       := gcc
V        :=
Q        := $(if $(V),,@)
say       = $(if $(V),@true,@printf '  %-6s %s\n' $(1) $(2))

# --- flags -------------------------------------------------------------------------------------

WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
            -Werror
comma    := ,
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -g)
CPPFLAGS := -I. -I$(BUILD) -D_GNU_SOURCE -isystem /usr/include/hdf5/serial
CFLAGS   := -O2 -g1 $(SANFLAGS)
LDLIBS   := -lopenblas -lcjson -lhdf5_serial -lz -lm -lpthread
IMGLIBS  := -ljpeg -lpng -lz

# --- sources -----------------------------------------------------------------------------------

COMPILER := $(filter-out compiler/driver/main.c,$(wildcard compiler/*/*.c))
RUNTIME  := $(filter-out runtime/main.c,$(wildcard runtime/*.c))
UNIT     := $(wildcard tests/unit/test_*.c)
GRAMMAR  := $(if $(wildcard grammar/kiln.y),$(BUILD)/grammar/kiln.tab.o $(BUILD)/grammar/kiln.lex.o)
EMBEDDED := $(wildcard runtime/*.[ch]) $(wildcard models/*.kiln)
OBJECTS  := $(COMPILER:%.c=$(BUILD)/%.o) $(GRAMMAR) $(BUILD)/embedded.o
RUNTIMEO := $(RUNTIME:%.c=$(BUILD)/%.o)
PROGRAMS := $(UNIT:tests/unit/%.c=$(BUILD)/tests/%)
NUMERIC  := $(patsubst tests/numeric/%.c,$(BUILD)/tests/%,$(wildcard tests/numeric/*.c))
SOURCES   = $(shell find compiler runtime tests examples -name '*.[ch]' -o -name '*.def')

.PHONY: all help demo check check-all bench bench-targets bench-cost profile pictures zoo-table tiles deps unit golden numeric layers \
        format clean generated check-generated
.DELETE_ON_ERROR:
.SECONDARY:

# --- programs ----------------------------------------------------------------------------------

all: $(BUILD)/kiln

$(BUILD)/kiln: $(BUILD)/compiler/driver/main.o $(BUILD)/libkiln.a $(RUNTIMEO)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS) $(IMGLIBS)

$(BUILD)/libkiln.a: $(OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

# --- rules -------------------------------------------------------------------------------------

$(BUILD)/%.o: %.c | deps
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(WARN) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The runtime is the C that is handed to users: it is held to C99.
$(BUILD)/runtime/%.o: runtime/%.c | deps
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c99 $(WARN) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/grammar/kiln.tab.c $(BUILD)/grammar/kiln.tab.h &: grammar/kiln.y | deps
	$(call say,BISON,$<)
	@mkdir -p $(@D)
	$(Q)bison -Wall -Wcounterexamples -Werror --defines=$(BUILD)/grammar/kiln.tab.h \
	    -o $(BUILD)/grammar/kiln.tab.c $<

$(BUILD)/grammar/kiln.lex.c $(BUILD)/grammar/kiln.lex.h &: grammar/kiln.l | deps
	$(call say,FLEX,$<)
	@mkdir -p $(@D)
	$(Q)flex --header-file=$(BUILD)/grammar/kiln.lex.h -o $(BUILD)/grammar/kiln.lex.c $<

# What flex and bison write is not held to the warnings of our own code.
$(BUILD)/grammar/%.o: $(BUILD)/grammar/%.c $(BUILD)/grammar/kiln.tab.h $(BUILD)/grammar/kiln.lex.h
	$(call say,CC,$<)
	$(Q)$(CC) -std=c11 -Wall -Wextra -Wno-unused-function $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(patsubst %.c,$(BUILD)/%.o,$(wildcard compiler/syntax/*.c)): | \
    $(if $(GRAMMAR),$(BUILD)/grammar/kiln.tab.h $(BUILD)/grammar/kiln.lex.h)

# The runtime's files and the zoo travel inside build/kiln, so that it works where its sources are not.
$(BUILD)/embedded.c: tests/support/embed.sh Makefile $(EMBEDDED)
	$(call say,EMBED,$@)
	@mkdir -p $(@D)
	$(Q)bash tests/support/embed.sh $(EMBEDDED) > $@

$(BUILD)/embedded.o: $(BUILD)/embedded.c
	$(Q)$(CC) -std=c11 $(CPPFLAGS) -c -o $@ $<

$(BUILD)/tests/%: tests/unit/%.c $(BUILD)/libkiln.a $(RUNTIMEO) $(wildcard tests/support/*.h)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(WARN) $(CPPFLAGS) $(CFLAGS) -o $@ $< $(BUILD)/libkiln.a $(RUNTIMEO) \
	    -lcheck -lsubunit -lrt $(LDLIBS) $(IMGLIBS)

# Numeric tests: programs that take their cases on the command line.
$(NUMERIC): $(BUILD)/tests/%: tests/numeric/%.c $(wildcard tests/support/*.[ch]) \
            $(BUILD)/libkiln.a $(RUNTIMEO)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(WARN) $(CPPFLAGS) $(CFLAGS) -o $@ $(filter %.c %.a %.o,$^) -lzip $(LDLIBS) $(IMGLIBS)

# Benchmarks: never part of a check, their figures depend on the machine.
BENCHES  := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,$(wildcard tests/bench/*.c))
$(BENCHES): $(BUILD)/tests/bench/%: tests/bench/%.c $(wildcard tests/support/oracle.[ch]) \
            $(BUILD)/libkiln.a
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(WARN) $(CPPFLAGS) $(CFLAGS) -o $@ $(filter %.c %.a,$^) -lzip $(LDLIBS)

bench: all $(BENCHES)
	$(Q)BUILD=$(BUILD) bash tests/bench/bench.sh && bash tests/bench/quote.sh

bench-targets: all $(BENCHES)
	$(Q)BUILD=$(BUILD) bash tests/bench/targets.sh

bench-cost: all
	$(Q)BUILD=$(BUILD) bash tests/bench/cost.sh

profile: all $(BENCHES)
	$(Q)BUILD=$(BUILD) bash tests/bench/profile.sh

pictures: all
	$(Q)BUILD=$(BUILD) bash tests/bench/pictures.sh

zoo-table: all
	$(Q)bash tests/bench/zoo.sh

tiles: $(BUILD)/tests/bench/tiles
	$(Q)bash tests/bench/tiles.sh

twins: $(BUILD)/tests/bench/twins
	$(Q)bash tests/bench/twins.sh

# --- checks ------------------------------------------------------------------------------------

check:
	$(Q)BUILD=$(BUILD) CC=$(CC) SAN=$(SAN) bash tests/check.sh $(SUITES)

check-all:
	$(Q)BUILD=$(BUILD) CC=$(CC) SAN=$(SAN) bash tests/check.sh --all $(SUITES)

unit: $(PROGRAMS)

numeric: $(NUMERIC)

golden: all
	$(Q)BUILD=$(BUILD) bash tests/golden/run.sh

layers:
	$(Q)bash tests/support/layers.sh

format:
	$(Q)clang-format --dry-run -Werror $(filter %.c %.h,$(SOURCES))
	$(Q)! LC_ALL=C.UTF-8 grep -nE '^.{101,}' $(filter %.c %.h,$(SOURCES)) grammar/kiln.[ly]

generated: all
	$(Q)KILN=$(BUILD)/kiln bash tests/support/generated.sh

check-generated: all
	$(Q)KILN=$(BUILD)/kiln bash tests/support/generated.sh --check

# --- everything else ---------------------------------------------------------------------------

deps:
	$(Q)bash tests/support/dependencies.sh

demo: all
	$(Q)$(MAKE) --no-print-directory -C examples/aluminium run

clean:
	$(Q)rm -rf build

help:
	@echo 'make            build/kiln, the compiler'
	@echo 'make demo       compile the embedded demo model and classify its sample pictures'
	@echo 'make check      all tests (SAN=1: under address and undefined-behaviour sanitizers)'
	@echo '                SUITES="unit golden": only these; bash tests/check.sh --list names them'
	@echo 'make check-all  all tests, the heavy sweeps and the fuzzers included'
	@echo 'make generated  emit the checked-in C of generated/ anew'
	@echo 'make bench      speed against other runtimes, as ratios (NETS="resnet18 ..." or all;'
	@echo '                PEER=onnxruntime or pytorch; RESUME=1 goes on with an interrupted run)'
	@echo 'make bench-targets  portable C against AVX2'
	@echo 'make bench-cost     the cost model against tuned tiles'
	@echo 'make profile    time per layer of the networks NETS'
	@echo 'make pictures   from pictures to labels, against Pillow and ONNX Runtime'
	@echo 'make zoo-table  parameters, MACs, memory and time of every network into models/README.md'
	@echo 'make tiles      register tiles measured: what the rows of compiler/target/ are read off'
	@echo 'make twins      emitted kernels against hand-written ones: equal results, ratios of time'
	@echo 'make layers     who may include whom'
	@echo 'make format     clang-format and the 100 columns'
	@echo 'make clean      remove build/'

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
