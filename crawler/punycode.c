#include "crawler/punycode.h"

#include <string.h>

/* RFC 3492, section 5 */
enum {
    BASE = 36,
    T_MIN = 1,
    T_MAX = 26,
    SKEW = 38,
    DAMP = 700,
    FIRST_BIAS = 72,
    FIRST_POINT = 128
};

static uint32_t adapt(uint32_t delta, uint32_t n_points, bool is_first) {
    uint32_t k = 0;

    delta = is_first ? delta / DAMP : delta / 2;
    delta += delta / n_points;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias) {
    if (k <= bias + T_MIN)
        return T_MIN;
    return k >= bias + T_MAX ? T_MAX : k - bias;
}

static enum err put_number(struct buf *out, uint32_t number, uint32_t bias) {
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    enum err e = ERR_OK;

    for (uint32_t k = BASE; e == ERR_OK; k += BASE) {
        uint32_t t = threshold(k, bias);

        if (number < t)
            return buf_put_char(out, digits[number]);
        e = buf_put_char(out, digits[t + (number - t) % (BASE - t)]);
        number = (number - t) / (BASE - t);
    }
    return e;
}

static enum err put_basic(struct buf *out, const uint32_t *points, size_t n, uint32_t *ret_count) {
    enum err e = ERR_OK;
    uint32_t count = 0;

    for (size_t i = 0; i < n && e == ERR_OK; i++) {
        if (points[i] < FIRST_POINT) {
            e = buf_put_char(out, (char)points[i]);
            count++;
        }
    }
    *ret_count = count;
    return e == ERR_OK && count ? buf_put_char(out, '-') : e;
}

enum err punycode_put(struct buf *out, const uint32_t *points, size_t n) {
    uint32_t point = FIRST_POINT, delta = 0, bias = FIRST_BIAS, basic, done;
    enum err e = put_basic(out, points, n, &basic);

    done = basic;
    while (done < n && e == ERR_OK) {
        uint32_t next = UINT32_MAX, skipped;

        for (size_t i = 0; i < n && e == ERR_OK; i++) {
            if (points[i] < point) {
                delta++;
            } else if (points[i] > point) {
                next = points[i] < next ? points[i] : next;
            } else {
                e = put_number(out, delta, bias);
                bias = adapt(delta, done + 1, done == basic);
                delta = 0;
                done++;
            }
        }
        if (done == n)
            break;
        if (__builtin_mul_overflow(next - point - 1, done + 1, &skipped) ||
            __builtin_add_overflow(delta, skipped + 1, &delta))
            return ERR_INVALID;
        point = next;
    }
    return e;
}

static int digit_value(char c) {
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    return ascii_is_digit(c) ? c - '0' + 26 : -1;
}

static enum err take_number(struct str *text, uint32_t bias, uint32_t *ret_number) {
    uint32_t number = 0, weight = 1;

    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = threshold(k, bias), part;
        int digit = text->len ? digit_value(text->ptr[0]) : -1;

        if (digit < 0 || __builtin_mul_overflow((uint32_t)digit, weight, &part) ||
            __builtin_add_overflow(number, part, &number))
            return ERR_INVALID;
        *text = str_from(*text, 1);
        if ((uint32_t)digit < t) {
            *ret_number = number;
            return ERR_OK;
        }
        if (__builtin_mul_overflow(weight, BASE - t, &weight))
            return ERR_INVALID;
    }
}

/* The characters before the last hyphen, as they are. */
static enum err take_basic(struct str *text, uint32_t *points, size_t max, size_t *ret_n) {
    size_t n = text->len;

    while (n > 0 && text->ptr[n - 1] != '-')
        n--;
    if (n == 0) {
        *ret_n = 0;
        return ERR_OK;
    }
    if (n - 1 > max)
        return ERR_TOO_BIG;
    for (size_t i = 0; i + 1 < n; i++)
        points[i] = (unsigned char)text->ptr[i];
    *text = str_from(*text, n);
    *ret_n = n - 1;
    return ERR_OK;
}

enum err punycode_decode(struct str text, uint32_t *points, size_t max, size_t *ret_n) {
    uint32_t point = FIRST_POINT, at = 0, bias = FIRST_BIAS;
    size_t n = 0;
    enum err e = take_basic(&text, points, max, &n);

    while (e == ERR_OK && text.len) {
        uint32_t number = 0, count = (uint32_t)n + 1, from = at;

        e = take_number(&text, bias, &number);
        if (e != ERR_OK || __builtin_add_overflow(at, number, &at))
            return ERR_INVALID;
        if (n == max)
            return ERR_TOO_BIG;
        bias = adapt(at - from, count, from == 0);
        if (__builtin_add_overflow(point, at / count, &point) || point > 0x10ffff)
            return ERR_INVALID;
        at %= count;
        memmove(points + at + 1, points + at, (n - at) * sizeof *points);
        points[at++] = point;
        n++;
    }
    if (e == ERR_OK)
        *ret_n = n;
    return e;
}
