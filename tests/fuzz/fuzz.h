/*
 * fuzz: a target is fuzz_NAME.c with this function, a line in fuzz.mk, and a folder corpus/NAME.  It
 * is linked twice: with libFuzzer to search, and with replay.c to check what was found.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

__attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
