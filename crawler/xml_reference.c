/* Character references and predefined entities (XML 1.0 sections 4.1 and 4.6). */
#include <string.h>

#include "base/utf8.h"
#include "crawler/xml_internal.h"

enum { LAST_CODE_POINT = 0x10ffff };

static size_t decode_number(struct str digits, char *bytes) {
    bool is_hex = digits.len && digits.ptr[0] == 'x';
    OWNED_BUF struct buf b = BUF_INIT(8);
    uint32_t code_point = 0;

    digits = str_from(digits, is_hex ? 1 : 0);
    if (!digits.len)
        return 0;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = ascii_hex(digits.ptr[i]);

        if (digit < 0 || (!is_hex && digit > 9))
            return 0;
        if (code_point <= LAST_CODE_POINT)
            code_point = code_point * (is_hex ? 16 : 10) + (uint32_t)digit;
    }
    /* U+0000 and what is no character at all: told as what is wrong */
    if (utf8_put(&b, code_point ? code_point : LAST_CODE_POINT + 1) != ERR_OK)
        return 0;
    memcpy(bytes, b.ptr, b.len);
    return b.len;
}

size_t xml_decode_reference(struct str reference, char *bytes) {
    static const struct {
        const char *name;
        char c;
    } entities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

    if (reference.len && reference.ptr[0] == '#')
        return decode_number(str_from(reference, 1), bytes);
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        if (str_eq(reference, str_of(entities[i].name))) {
            *bytes = entities[i].c;
            return 1;
        }
    }
    return 0;
}
