#ifndef TSNET_SHA2_H
#define TSNET_SHA2_H

#include <stddef.h>
#include <stdint.h>

/* FIPS 180-4. Whole messages only. */
void sha256(const uint8_t *data, size_t length, uint8_t out[32]);
void sha512(const uint8_t *data, size_t length, uint8_t out[64]);

#endif
