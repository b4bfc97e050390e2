/* html_scan - finds the next byte that matters, 16 or 32 at a time.
 *
 * The one place that knows which vector instructions there are: AVX2 or SSE2
 * on x86, NEON on ARM, plain C otherwise, as the compiler was told. Never reads
 * beyond |end|. Long runs are better left to memchr(), which chooses at run
 * time; these are for runs of some tens of bytes.
 */
#ifndef CRAWLER_HTML_SCAN_H
#define CRAWLER_HTML_SCAN_H

#include <stddef.h>
#include <stdint.h>

#if defined(__AVX2__)
#include <immintrin.h>
enum { SCAN_STEP = 32 };
static inline uint64_t scan_mask(const char *p, char a, char b, char c, char d) {
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i ab = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(a)),
                                 _mm256_cmpeq_epi8(v, _mm256_set1_epi8(b)));
    __m256i cd = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(c)),
                                 _mm256_cmpeq_epi8(v, _mm256_set1_epi8(d)));
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(ab, cd));
}
static inline size_t scan_first(uint64_t mask) {
    return (size_t)__builtin_ctzll(mask);
}
#elif defined(__SSE2__)
#include <emmintrin.h>
enum { SCAN_STEP = 16 };
static inline uint64_t scan_mask(const char *p, char a, char b, char c, char d) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i ab =
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(a)), _mm_cmpeq_epi8(v, _mm_set1_epi8(b)));
    __m128i cd =
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)), _mm_cmpeq_epi8(v, _mm_set1_epi8(d)));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(ab, cd));
}
static inline size_t scan_first(uint64_t mask) {
    return (size_t)__builtin_ctzll(mask);
}
#elif defined(__ARM_NEON)
#include <arm_neon.h>
enum { SCAN_STEP = 16 };
static inline uint64_t scan_mask(const char *p, char a, char b, char c, char d) {
    uint8x16_t v = vld1q_u8((const uint8_t *)(const void *)p);
    uint8x16_t ab =
        vorrq_u8(vceqq_u8(v, vdupq_n_u8((uint8_t)a)), vceqq_u8(v, vdupq_n_u8((uint8_t)b)));
    uint8x16_t cd =
        vorrq_u8(vceqq_u8(v, vdupq_n_u8((uint8_t)c)), vceqq_u8(v, vdupq_n_u8((uint8_t)d)));
    uint8x8_t bits = vshrn_n_u16(vreinterpretq_u16_u8(vorrq_u8(ab, cd)), 4); /* 4 bits a byte */
    return vget_lane_u64(vreinterpret_u64_u8(bits), 0);
}
static inline size_t scan_first(uint64_t mask) {
    return (size_t)__builtin_ctzll(mask) / 4;
}
#else
enum { SCAN_STEP = 1 };
static inline uint64_t scan_mask(const char *p, char a, char b, char c, char d) {
    return *p == a || *p == b || *p == c || *p == d;
}
static inline size_t scan_first(uint64_t mask) {
    (void)mask;
    return 0;
}
#endif

/* The first of the four bytes in [p, end), or |end|. Fewer are wanted: repeat one. */
static inline const char *scan_any(const char *p, const char *end, char a, char b, char c, char d) {
    for (; end - p >= SCAN_STEP; p += SCAN_STEP) {
        uint64_t mask = scan_mask(p, a, b, c, d);

        if (mask)
            return p + scan_first(mask);
    }
    while (p < end && *p != a && *p != b && *p != c && *p != d)
        p++;
    return p;
}

#endif
