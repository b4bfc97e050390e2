/* Links in documents that are not in UTF-8: Encoding Standard, HTML Standard section
 * 13.2.3 and URL Standard section 4.4 ("query state"); and in XHTML, which is read as HTML.
 * Each case names its section.
 */
#include "tests/unit/crawler/extract_rig.h"

struct one {
    const char *section, *type;
    struct str bytes;
    const char *wanted;
};
#define BYTES(literal) {"" literal, sizeof(literal) - 1}

static void check_each(const struct one *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct extract_options o = extract_defaults();

        o.elements = UINT64_MAX;
        o.schemes = STR("*");
        check(&o, cases[i].type, cases[i].bytes, URLS, cases[i].wanted);
        if (test_failures) {
            printf("  in %s (case %zu)\n", cases[i].section, i);
            return;
        }
    }
    printf("%zu cases\n", n);
}
#define CHECK_EACH(cases) check_each(cases, sizeof(cases) / sizeof *(cases))

TEST(reads_utf16) {
    static const struct one cases[] = {
        {"Encoding 6, BOM sniff: LE", "text/html",
         BYTES("\xff\xfe<\0a\0 \0h\0r\0e\0f\0=\0/\0\xe9\0?\0\xe9\0>\0"),
         "http://h.example/%C3%A9?%C3%A9"},
        {"Encoding 6, BOM sniff: BE", "text/html",
         BYTES("\xfe\xff\0<\0a\0 \0h\0r\0e\0f\0=\0/\0\xe9\0?\0\xe9\0>"),
         "http://h.example/%C3%A9?%C3%A9"},
        {"HTML 13.2.3.2: BOM before transport", "text/html; charset=windows-1251",
         BYTES("\xff\xfe<\0a\0 \0h\0r\0e\0f\0=\0/\0x\0>\0"), "http://h.example/x"},
        {"HTML 13.2.3.2: transport, LE", "text/html; charset=utf-16le",
         BYTES("<\0a\0 \0h\0r\0e\0f\0=\0/\0x\0>\0"), "http://h.example/x"},
        {"HTML 13.2.3.2: transport, BE", "text/html; charset=utf-16be",
         BYTES("\0<\0a\0 \0h\0r\0e\0f\0=\0/\0x\0>"), "http://h.example/x"},
        {"Encoding 4.2: the label utf-16 means LE", "text/html; charset=\"UTF-16\"",
         BYTES("<\0a\0 \0h\0r\0e\0f\0=\0/\0x\0>\0"), "http://h.example/x"},
        {"Encoding 6: a BOM that disagrees with the label", "text/html; charset=utf-16le",
         BYTES("\xfe\xff\0<\0a\0 \0h\0r\0e\0f\0=\0/\0x\0>"), "http://h.example/x"},
        {"Encoding 4.3: the query is in UTF-8", "text/html; charset=utf-16be",
         BYTES("\0<\0a\0 \0h\0r\0e\0f\0=\0?\x4e\x2d\0>"), "http://h.example/dir/page?%E4%B8%AD"},
        {"Encoding 14.2.1: an odd last byte is one U+FFFD", "text/html; charset=utf-16le",
         BYTES("<\0a\0 \0h\0r\0e\0f\0=\0/\0x\0>\0<"), "http://h.example/x"},
        {"Encoding 14.2.1: a surrogate pair", "text/html; charset=utf-16be",
         BYTES("\0<\0a\0 \0h\0r\0e\0f\0=\0/\xd8\x3d\xde\x00\0>"), "http://h.example/%F0%9F%98%80"},
        {"Encoding 14.2.1: a pair cut by a character", "text/html; charset=utf-16be",
         BYTES("\0<\0a\0 \0h\0r\0e\0f\0=\0/\xd8\x3d\0x\0>"), "http://h.example/%EF%BF%BDx"},
        {"Encoding 14.2.1: the second half alone", "text/html; charset=utf-16le",
         BYTES("<\0a\0 \0h\0r\0e\0f\0=\0/\0\x00\xdex\0>\0"), "http://h.example/%EF%BF%BDx"},
        {"Encoding 14.2.1: a pair cut by the end", "text/html; charset=utf-16le",
         BYTES("<\0a\0 \0h\0r\0e\0f\0=\0/\0x\0>\0\x3d\xd8"), "http://h.example/x"},
        {"HTML 13.2.3.2, prescan: UTF-16 in a meta means UTF-8", "text/html",
         BYTES("<meta charset=utf-16be><a href='/\xc3\xa9'>"), "http://h.example/%C3%A9"},
        {"HTML 13.2.3.2, prescan: an XML declaration in UTF-16LE", "text/html",
         BYTES("<\0?\0x\0m\0l\0?\0>\0<\0a\0 \0h\0r\0e\0f\0=\0/\0\xe9\0>\0"),
         "http://h.example/%C3%A9"},
        {"HTML 13.2.3.2, prescan: an XML declaration in UTF-16BE", "text/html",
         BYTES("\0<\0?\0x\0m\0l\0?\0>\0<\0a\0 \0h\0r\0e\0f\0=\0/\0\xe9\0>"),
         "http://h.example/%C3%A9"},
        {"HTML 13.2.3.2: a meta does not change what a BOM said", "text/html",
         BYTES("\xff\xfe<\0m\0e\0t\0a\0 \0c\0h\0a\0r\0s\0e\0t\0=\0k\0o\0i\0"
               "8\0-\0r\0>\0<\0a\0 \0h\0r\0e\0f\0=\0?\0\xe9\0>\0"),
         "http://h.example/dir/page?%C3%A9"},
        {"a BOM and nothing else", "text/html", BYTES("\xff\xfe"), ""},
    };

    CHECK_EACH(cases);
}

TEST(reads_legacy_encodings) {
    static const struct one cases[] = {
        {"Encoding 9.1 windows-1251", "text/html; charset=windows-1251",
         BYTES("<a href='/\xe6?\xe6'>"), "http://h.example/%D0%B6?%E6"},
        {"Encoding 9.1 koi8-u", "text/html", BYTES("<meta charset=koi8-u><a href='/\xae?\xae'>"),
         "http://h.example/%D1%9E?%AE"},
        {"Encoding 4.2 latin1 is windows-1252", "text/html; charset=latin1",
         BYTES("<a href='/\x80?\x80\xe9'>"), "http://h.example/%E2%82%AC?%80%E9"},
        {"Encoding 4.2 us-ascii is windows-1252", "text/html; charset=us-ascii",
         BYTES("<a href='?\x93'>"), "http://h.example/dir/page?%93"},
        {"Encoding 9.1 iso-8859-2", "text/html; charset=iso-8859-2", BYTES("<a href='/\xb1?\xb1'>"),
         "http://h.example/%C4%85?%B1"},
        {"Encoding 9.1 windows-874", "text/html; charset=tis-620", BYTES("<a href='/\xa1?\xa1'>"),
         "http://h.example/%E0%B8%81?%A1"},
        {"Encoding 10.1 GBK", "text/html; charset=gb2312",
         BYTES("<a href='/\xd6\xd0?\xd6\xd0&euro;'>"), "http://h.example/%E4%B8%AD?%D6%D0%80"},
        {"Encoding 10.2 gb18030", "text/html; charset=gb18030",
         BYTES("<a href='/\x94\x39\xda\x33?\x94\x39\xda\x33'>"),
         "http://h.example/%F0%9F%92%A9?%949%DA3"},
        {"Encoding 11.1 Big5", "text/html; charset=big5", BYTES("<a href='/\xa4\xa4?\xa4\xa4'>"),
         "http://h.example/%E4%B8%AD?%A4%A4"},
        {"Encoding 12.1 EUC-JP", "text/html; charset=x-euc-jp",
         BYTES("<a href='/\xc6\xfc?\xc6\xfc'>"), "http://h.example/%E6%97%A5?%C6%FC"},
        {"Encoding 12.2 ISO-2022-JP", "text/html; charset=iso-2022-jp",
         BYTES("<a href='/\x1b$BF|\x1b(B?\x1b$BF|\x1b(Bx'>"),
         "http://h.example/%E6%97%A5?%1B$BF|%1B(Bx"},
        {"Encoding 12.3 Shift_JIS", "text/html; charset=sjis",
         BYTES("<a href='/\x93\xfa?\x93\xfa\xb1'>"), "http://h.example/%E6%97%A5?%93%FA%B1"},
        {"Encoding 12.3.1 a lead byte swallows no markup", "text/html; charset=sjis",
         BYTES("<p title='\x81'><a href='/x'>"), "http://h.example/x"},
        {"Encoding 13.1 EUC-KR", "text/html; charset=ks_c_5601-1987",
         BYTES("<a href='/\xc7\xd1?\xc7\xd1'>"), "http://h.example/%ED%95%9C?%C7%D1"},
        {"Encoding 14.5 x-user-defined", "text/html; charset=x-user-defined",
         BYTES("<a href='/\x80?\x80'>"), "http://h.example/%EF%9E%80?%80"},
        {"HTML 13.2.3.2 x-user-defined in a meta is windows-1252", "text/html",
         BYTES("<meta charset=x-user-defined><a href='/\x80?\x80'>"),
         "http://h.example/%E2%82%AC?%80"},
        {"Encoding 14.1 replacement", "text/html; charset=hz-gb-2312", BYTES("<a href='/x'>"), ""},
        {"URL 4.4: what the encoding cannot say", "text/html; charset=windows-1251",
         BYTES("<a href='?&#x4e2d;'>"), "http://h.example/dir/page?%26%2320013%3B"},
        {"URL 4.4: other schemes have their queries in UTF-8", "text/html; charset=windows-1251",
         BYTES("<a href='?\xe6'><a href='ws://h/?\xe6'>"),
         "http://h.example/dir/page?%E6\nws://h/?%D0%B6"},
        {"URL 4.4: a fragment is in UTF-8", "text/html; charset=windows-1251",
         BYTES("<a href='/\xe6#\xe6'>"), "http://h.example/%D0%B6"},
        {"URL 4.4: an escape stays as it is", "text/html; charset=sjis",
         BYTES("<a href='?%93%fa'>"), "http://h.example/dir/page?%93%fa"},
        {"HTML 2.4.2: every attribute that carries URLs", "text/html; charset=windows-1251",
         BYTES("<form action='?\xe6'><img srcset='/?\xe7 2x'>"
               "<meta http-equiv=refresh content='0;url=/?\xe8'>"),
         "http://h.example/dir/page?%E6\nhttp://h.example/?%E7\nhttp://h.example/?%E8"},
    };

    CHECK_EACH(cases);
}

#define XHTML "<html xmlns='http://www.w3.org/1999/xhtml'>"

TEST(reads_xhtml) {
    static const struct one cases[] = {
        {"MIME Sniffing 4.6: its own type", "application/xhtml+xml",
         BYTES("<?xml version='1.0'?><html><a href='/1'/><a href='/2'/></html>"),
         "http://h.example/1\nhttp://h.example/2"},
        {"XHTML 1.0 3.1.1: by its root's namespace", "application/xml",
         BYTES("<?xml version='1.0'?>" XHTML "<body><a href='/1'/></body></html>"),
         "http://h.example/1"},
        {"XHTML 1.0 3.1.1: by its root's namespace", "text/xml; charset=utf-8",
         BYTES(XHTML "<a href='/1'/></html>"), "http://h.example/1"},
        {"Namespaces 6.1: under a prefix elements are none of HTML's here", "text/xml",
         BYTES("<h:html xmlns:h='http://www.w3.org/1999/xhtml'><h:a href='/1'/></h:html>"), ""},
        {"Namespaces 6.2: without it", "text/xml", BYTES("<html><a href='/no'/></html>"), ""},
        {"XHTML 1.0 3.1.1: with its DOCTYPE", "application/xml",
         BYTES("<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" "
               "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">" XHTML
               "<a href='/1&amp;2'/></html>"),
         "http://h.example/1&2"},
        {"no type", "", BYTES("<?xml version='1.0'?>\n" XHTML "<a href='/1'/></html>"),
         "http://h.example/1"},
        {"HTML 4.2.3: its base", "application/xml",
         BYTES(XHTML "<base href='/b/'/><a href='1'/></html>"),
         "http://h.example/b/\nhttp://h.example/b/1"},
        {"HTML 13.2.3.2: the encoding of its declaration", "application/xhtml+xml",
         BYTES("<?xml version='1.0' encoding='windows-1251'?>" XHTML
               "<a href='/\xe6?\xe6'/></html>"),
         "http://h.example/%D0%B6?%E6"},
        {"HTML 13.2.3.2: the same under an XML type", "text/xml",
         BYTES("<?xml version='1.0' encoding='windows-1251'?>" XHTML
               "<a href='/\xe6?\xe6'/></html>"),
         "http://h.example/%D0%B6?%E6"},
        {"Encoding 6: UTF-16 under an XML type", "text/xml",
         BYTES("\xff\xfe<\0h\0t\0m\0l\0 \0x\0m\0l\0n\0s\0=\0'\0h\0t\0t\0p\0:\0/\0/\0w\0w\0w\0.\0w\0"
               "3\0.\0o\0r\0g\0/\0"
               "1\0"
               "9\0"
               "9\0"
               "9\0/\0x\0h\0t\0m\0l\0'\0>\0<\0a\0 \0h\0r\0e\0f\0=\0/\0x\0>\0"),
         "http://h.example/x"},
        {"HTML 13.2.6.2: foreign elements are passed over", "application/xhtml+xml",
         BYTES(XHTML "<svg xmlns='http://www.w3.org/2000/svg'><a href='/no'/></svg><a href='/1'/>"),
         "http://h.example/1"},
    };

    CHECK_EACH(cases);
}

TEST_MAIN
