# make: the program for GAP8; make test: the same network on this machine; README.md says more.
VECTOR ?= @FIRST_VECTOR@
PYTHON ?= python3
RISCV_CC ?= $(firstword $(shell command -v riscv64-unknown-elf-gcc || command -v riscv32-unknown-elf-gcc))
ZIG := $(PYTHON) -m ziglang cc

GCC_TARGET := @GCC_TARGET@
ZIG_TARGET := @ZIG_TARGET@
FLAGS := @FLAGS@
LINKER_FLAGS := @LINKER_FLAGS@
HOST_FLAGS := @HOST_FLAGS@
SOURCES := @DEVICE_SOURCES@
HOST_SOURCES := @HOST_SOURCES@

VECTORS := $(patsubst vectors/%.input,%,$(wildcard vectors/*.input))
ifeq ($(filter $(VECTOR),$(VECTORS)),)
  $(error no test vector '$(VECTOR)': there are $(VECTORS))
endif
DEVICE_CC := $(if $(RISCV_CC),$(RISCV_CC) $(GCC_TARGET),$(ZIG) $(ZIG_TARGET))
ifeq ($(origin CC),default)
  CC := $(if $(shell command -v cc),cc,$(ZIG))
endif
PARTS := $(SOURCES) $(HOST_SOURCES) $(wildcard *.h kernels/*.h *.ld) l2.bin flash.bin

.PHONY: all test check clean
all: network.elf

network.elf: $(PARTS) vectors/$(VECTOR).input .vector
	$(DEVICE_CC) $(FLAGS) -I. -DINPUT_FILE='"vectors/$(VECTOR).input"' $(LINKER_FLAGS) -o $@ $(SOURCES)

# changes when VECTOR does
.vector: FORCE
	@echo '$(VECTOR)' | cmp -s - $@ || echo '$(VECTOR)' > $@
FORCE:

network-host: $(PARTS)
	$(CC) $(HOST_FLAGS) -I. -o $@ $(HOST_SOURCES)

test: network-host
	@for vector in $(VECTORS); do \
	  ./network-host vectors/$$vector.input | diff - vectors/$$vector.expected || exit 1; \
	  echo "$$vector: equal to the reference in every layer"; done

check:
	@test -f '$(LOG)' || { echo 'error: make check LOG=file, what the device printed' >&2; exit 1; }
	@grep -v 'Cycles:' '$(LOG)' | diff - vectors/$(VECTOR).expected
	@echo "$(VECTOR): equal to the reference in every layer"

clean:
	rm -f network.elf network-host .vector
