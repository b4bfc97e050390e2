/* scan - finds the bytes that matter, 8 to 64 at a time.
 *
 * The one place that knows which vector instructions there are: AVX2 or SSE2 on x86,
 * NEON on 64-bit ARM, plain C otherwise or where SCAN_PLAIN is defined, as the compiler
 * was told for the file that includes this. Each has the same operations on SCAN_STEP bytes:
 * load, compare, combine, and the result as bits. scan_lt() takes bytes as signed: what is
 * not ASCII is below all that is. scan_next() moves each byte to the place behind its own.
 */
#ifndef CRAWLER_SCAN_H
#define CRAWLER_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX2__) && !defined(SCAN_PLAIN)
#include <immintrin.h>
enum { SCAN_STEP = 32 };
typedef __m256i scan_bytes;
static inline scan_bytes scan_load(const char *p) {
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
static inline scan_bytes scan_eq(scan_bytes v, char c) {
    return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c));
}
static inline scan_bytes scan_lt(scan_bytes v, char c) {
    return _mm256_cmpgt_epi8(_mm256_set1_epi8(c), v);
}
static inline scan_bytes scan_or(scan_bytes a, scan_bytes b) {
    return _mm256_or_si256(a, b);
}
static inline scan_bytes scan_set(scan_bytes v, char bits) {
    return _mm256_or_si256(v, _mm256_set1_epi8(bits));
}
static inline scan_bytes scan_and(scan_bytes a, scan_bytes b) {
    return _mm256_and_si256(a, b);
}
static inline scan_bytes scan_next(scan_bytes v) {
    return _mm256_alignr_epi8(v, _mm256_permute2x128_si256(v, v, 0x08), 15);
}
static inline uint64_t scan_bits(scan_bytes v) {
    return (uint32_t)_mm256_movemask_epi8(v);
}
#elif defined(__SSE2__) && !defined(SCAN_PLAIN)
#include <emmintrin.h>
enum { SCAN_STEP = 16 };
typedef __m128i scan_bytes;
static inline scan_bytes scan_load(const char *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}
static inline scan_bytes scan_eq(scan_bytes v, char c) {
    return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}
static inline scan_bytes scan_lt(scan_bytes v, char c) {
    return _mm_cmplt_epi8(v, _mm_set1_epi8(c));
}
static inline scan_bytes scan_or(scan_bytes a, scan_bytes b) {
    return _mm_or_si128(a, b);
}
static inline scan_bytes scan_set(scan_bytes v, char bits) {
    return _mm_or_si128(v, _mm_set1_epi8(bits));
}
static inline scan_bytes scan_and(scan_bytes a, scan_bytes b) {
    return _mm_and_si128(a, b);
}
static inline scan_bytes scan_next(scan_bytes v) {
    return _mm_slli_si128(v, 1);
}
static inline uint64_t scan_bits(scan_bytes v) {
    return (uint32_t)_mm_movemask_epi8(v);
}
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(SCAN_PLAIN)
#include <arm_neon.h>
enum { SCAN_STEP = 16 };
typedef uint8x16_t scan_bytes;
static inline scan_bytes scan_load(const char *p) {
    return vld1q_u8((const uint8_t *)(const void *)p);
}
static inline scan_bytes scan_eq(scan_bytes v, char c) {
    return vceqq_u8(v, vdupq_n_u8((uint8_t)c));
}
static inline scan_bytes scan_lt(scan_bytes v, char c) {
    return vcltq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8((int8_t)c));
}
static inline scan_bytes scan_or(scan_bytes a, scan_bytes b) {
    return vorrq_u8(a, b);
}
static inline scan_bytes scan_set(scan_bytes v, char bits) {
    return vorrq_u8(v, vdupq_n_u8((uint8_t)bits));
}
static inline scan_bytes scan_and(scan_bytes a, scan_bytes b) {
    return vandq_u8(a, b);
}
static inline scan_bytes scan_next(scan_bytes v) {
    return vextq_u8(vdupq_n_u8(0), v, 15);
}
static inline uint64_t scan_bits(scan_bytes v) {
    const uint8x16_t bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};

    v = vandq_u8(v, bits);
    v = vpaddq_u8(v, v);
    v = vpaddq_u8(v, v);
    v = vpaddq_u8(v, v);
    return vgetq_lane_u16(vreinterpretq_u16_u8(v), 0);
}
#else
enum { SCAN_STEP = 8 };
typedef uint64_t scan_bytes; /* the first byte lowest */
static inline scan_bytes scan_load(const char *p) {
    uint64_t v;

    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}
/* A comparison leaves the top bit of each byte. */
#define SCAN_ONES UINT64_C(0x0101010101010101)
#define SCAN_TOPS UINT64_C(0x8080808080808080)
static inline scan_bytes scan_eq(scan_bytes v, char c) {
    v ^= (unsigned char)c * SCAN_ONES;
    return ~(((v & ~SCAN_TOPS) + ~SCAN_TOPS) | v) & SCAN_TOPS;
}
static inline scan_bytes scan_lt(scan_bytes v, char c) {
    return (~((v & ~SCAN_TOPS) + (unsigned char)(0x80 - c) * SCAN_ONES) | v) & SCAN_TOPS;
}
static inline scan_bytes scan_or(scan_bytes a, scan_bytes b) {
    return a | b;
}
static inline scan_bytes scan_set(scan_bytes v, char bits) {
    return v | (unsigned char)bits * SCAN_ONES;
}
static inline scan_bytes scan_and(scan_bytes a, scan_bytes b) {
    return a & b;
}
static inline scan_bytes scan_next(scan_bytes v) {
    return v << 8;
}
static inline uint64_t scan_bits(scan_bytes v) {
    return ((v >> 7) * UINT64_C(0x0102040810204080)) >> 56;
}
#endif

static inline size_t scan_first(uint64_t bits) {
    return (size_t)__builtin_ctzll(bits);
}

/* The first of the four bytes in [p, end), or |end|. Fewer are wanted: repeat one.
 * Long runs are better left to memchr(); this is for runs of some tens of bytes. */
static inline const char *scan_any(const char *p, const char *end, char a, char b, char c, char d) {
    for (; end - p >= SCAN_STEP; p += SCAN_STEP) {
        scan_bytes v = scan_load(p);
        uint64_t bits = scan_bits(
            scan_or(scan_or(scan_eq(v, a), scan_eq(v, b)), scan_or(scan_eq(v, c), scan_eq(v, d))));

        if (bits)
            return p + scan_first(bits);
    }
    while (p < end && *p != a && *p != b && *p != c && *p != d)
        p++;
    return p;
}

/* --- all of a block at once: bit i stands for p[i] */

enum { SCAN_BLOCK = 64 };

/* The loops over a block must be unrolled: what they collect stays in registers. */
#define SCAN_STEPS(i) _Pragma("GCC unroll 8") for (size_t i = 0; i < SCAN_BLOCK; i += SCAN_STEP)

static inline uint64_t scan_block(const char *p, char c) {
    uint64_t bits = 0;

    SCAN_STEPS(i)
    bits |= scan_bits(scan_eq(scan_load(p + i), c)) << i;
    return bits;
}

static inline uint64_t scan_block_two(const char *p, char a, char b) {
    uint64_t bits = 0;

    SCAN_STEPS(i) {
        scan_bytes v = scan_load(p + i);

        bits |= scan_bits(scan_or(scan_eq(v, a), scan_eq(v, b))) << i;
    }
    return bits;
}

#endif
