#include "crawler/charset.h"

#include "tests/test.h"

static struct str name_of(const struct charset *c) {
    return c ? str_of(charset_name(c)) : STR("none");
}

TEST(knows_labels_whatever_their_case_and_spaces) {
    CHECK_STR(name_of(charset_of_label(STR("latin1"))), "windows-1252");
    CHECK_STR(name_of(charset_of_label(STR("\t ISO-8859-1\f"))), "windows-1252");
    CHECK_STR(name_of(charset_of_label(STR("UTF8"))), "UTF-8");
    CHECK_STR(name_of(charset_of_label(STR("x-sjis"))), "Shift_JIS");
    CHECK_STR(name_of(charset_of_label(STR("hz-gb-2312"))), "replacement");
    CHECK_STR(name_of(charset_of_label(STR("unicode"))), "UTF-16LE");
    CHECK(!charset_of_label(STR("")));
    CHECK(!charset_of_label(STR("utf-7")));
    CHECK(!charset_of_label(STR("utf-8 utf8")));
}

TEST(reads_byte_order_marks) {
    size_t n;

    CHECK_STR(name_of(charset_of_bom(STR("\xef\xbb\xbfx"), &n)), "UTF-8");
    CHECK_INT(n, 3);
    CHECK_STR(name_of(charset_of_bom(STR("\xff\xfe"), &n)), "UTF-16LE");
    CHECK_INT(n, 2);
    CHECK_STR(name_of(charset_of_bom(STR("\xfe\xff"), &n)), "UTF-16BE");
    CHECK(!charset_of_bom(STR("\xef\xbb"), &n));
    CHECK_INT(n, 0);
    CHECK(!charset_of_bom(STR(""), &n));
}

static struct str of_content_type(struct str value) {
    struct mime m;

    return mime_parse(value, &m) == ERR_OK ? name_of(charset_of_mime(&m)) : STR("invalid");
}

TEST(reads_content_types) {
    CHECK_STR(of_content_type(STR("text/html; charset=KOI8-R")), "KOI8-R");
    CHECK_STR(of_content_type(STR("text/html; charset=nonsense")), "none");
    CHECK_STR(of_content_type(STR("text/html")), "none");
}

static struct str meta(const char *html) {
    return name_of(charset_of_meta(str_of(html)));
}

TEST(prescans_metas) {
    CHECK_STR(meta("<meta charset=koi8-r>"), "KOI8-R");
    CHECK_STR(meta("<META/CHARSET='koi8-r'>"), "KOI8-R");
    CHECK_STR(meta("<meta content='text/html; charset=\"koi8-r\"' http-equiv=Content-Type>"),
              "KOI8-R");
    CHECK_STR(meta("<meta content='text/html; charset=koi8-r'>"), "none");
    CHECK_STR(meta("<meta http-equiv=content-type content='x'><meta charset=big5>"), "Big5");
    CHECK_STR(meta("<!--><meta charset=big5>"), "Big5"); /* <!--> is a whole comment */
    CHECK_STR(meta("<!-- <meta charset=koi8-r> --><meta charset=big5>"), "Big5");
    CHECK_STR(meta("<?x <meta charset=koi8-r><meta charset=big5>"), "Big5");
    CHECK_STR(meta("<p title='<meta charset=koi8-r>'><meta charset=big5>"), "Big5");
    CHECK_STR(meta("<meta charset=big5"), "none");
    CHECK_STR(meta("<metacharset=big5>"), "none");
    CHECK_STR(meta("<meta charset=x charset=big5>"), "none");
    CHECK_STR(meta(""), "none");
}

TEST(what_a_meta_cannot_mean_is_changed) {
    CHECK_STR(meta("<meta charset=utf-16>"), "UTF-8");
    CHECK_STR(meta("<meta charset=utf-16be>"), "UTF-8");
    CHECK_STR(meta("<meta charset=x-user-defined>"), "windows-1252");
}

TEST(falls_back_to_an_xml_declaration) {
    CHECK_STR(meta("<?xml version='1.0' encoding = 'koi8-r' ?><p>"), "KOI8-R");
    CHECK_STR(meta("<?xml version='1.0' encoding='utf-16'?>"), "UTF-8");
    CHECK_STR(meta("<?xml encoding='koi8-r'?><meta charset=big5>"), "Big5");
    CHECK_STR(meta("<?xml encoding='koi8 -r'?>"), "none");
    CHECK_STR(meta("<?xml version='1.0'?>"), "none");
    CHECK_STR(meta(" <?xml encoding='koi8-r'?>"), "none");
    CHECK_STR(name_of(charset_of_meta(STR("<\0?\0x\0m\0"))), "UTF-16LE");
    CHECK_STR(name_of(charset_of_meta(STR("\0<\0?\0x\0m"))), "UTF-16BE");
}

TEST(looks_at_1024_bytes_only) {
    char html[1100];
    struct str declaration = STR("<meta charset=big5>");

    memset(html, ' ', sizeof html);
    memcpy(html + CHARSET_PRESCAN_BYTES - declaration.len, declaration.ptr, declaration.len);
    CHECK_STR(name_of(charset_of_meta(str_at(html, sizeof html))), "Big5");
    memset(html, ' ', sizeof html);
    memcpy(html + CHARSET_PRESCAN_BYTES - declaration.len + 1, declaration.ptr, declaration.len);
    CHECK_STR(name_of(charset_of_meta(str_at(html, sizeof html))), "none");
}

TEST(reads_the_attributes_of_a_late_meta) {
    CHECK_STR(name_of(charset_of_meta_attrs(STR_NONE, STR_NONE, STR("big5"))), "Big5");
    CHECK_STR(
        name_of(charset_of_meta_attrs(STR("Content-TYPE"), STR("x; CHARSET = big5;"), STR_NONE)),
        "Big5");
    CHECK(!charset_of_meta_attrs(STR("refresh"), STR("x; charset=big5"), STR_NONE));
    CHECK(!charset_of_meta_attrs(STR_NONE, STR_NONE, STR_NONE));
}

TEST(guesses) {
    CHECK_STR(name_of(charset_guess(STR("plain"))), "UTF-8");
    CHECK_STR(name_of(charset_guess(STR("gr\xc3\xbc\xc3\x9f"))), "UTF-8");
    CHECK_STR(name_of(charset_guess(STR("gr\xc3\xbc\xc3"))), "UTF-8"); /* cut by its end */
    CHECK_STR(name_of(charset_guess(STR("\xff\xff\xff"))), "windows-1252");
    CHECK_STR(
        name_of(charset_guess(
            STR("\xf0\xd2\xc9\xd7\xc5\xd4, \xcd\xc9\xd2! \xfc\xd4\xcf \xd2\xd5\xd3\xd3\xcb\xc9\xca "
                "\xd4\xc5\xcb\xd3\xd4 \xd7 \xcb\xcf\xc4\xc9\xd2\xcf\xd7\xcb\xc5 \xeb\xef\xe9-8, "
                "\xc4\xcf\xd3\xd4\xc1\xd4\xcf\xde\xce\xcf \xc4\xcc\xc9\xce\xce\xd9\xca."))),
        "KOI8-R");
}

struct sample {
    const char *label;
    struct str bytes;
    const char *utf8;
};

#define SAMPLE(label, bytes, utf8) {label, {bytes, sizeof(bytes) - 1}, utf8}
static const struct sample samples[] = {
    SAMPLE("utf-8", "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "aé€😀"),
    SAMPLE("utf-8", "\xe2\x82z\xff\xed\xa0\x80\xf0\x9f", "�z�����"),
    SAMPLE("windows-1252", "\x80 \xe9\x81", "€ é\xc2\x81"),
    SAMPLE("windows-1255", "\xe0\xca\xd9", "א\xd6\xba�"),
    SAMPLE("koi8-u", "\xae\xbe", "ўЎ"),
    SAMPLE("macintosh", "\xdb", "€"),
    SAMPLE("iso-8859-8-i", "\xe0", "א"),
    SAMPLE("x-user-defined", "a\x80\xff", "a\xef\x9e\x80\xef\x9f\xbf"),
    SAMPLE("shift_jis", "\x93\xfa\x96{ \x83\x5c\xb1", "日本 ソｱ"),
    SAMPLE("shift_jis", "\x81<b>", "�<b>"), /* a lead byte must not swallow markup */
    SAMPLE("euc-jp", "\xc6\xfc\xcb\xdc\x8e\xb1\x8f\xb0\xa1", "日本ｱ丂"),
    SAMPLE("iso-2022-jp", "a\x1b$BF|K\\\x1b(Bb", "a日本b"),
    SAMPLE("gbk", "\xd6\xd0\xce\xc4\x80", "中文€"),
    SAMPLE("gb18030", "\x94\x39\xda\x33\xff<", "💩�<"),
    SAMPLE("big5", "\xa4\xa4\xa4\xe5\x88\x62", "中文Ê̄"),
    SAMPLE("euc-kr", "\xc7\xd1\xb1\xdb\x8c\x63", "한글똠"),
    SAMPLE("utf-16le", "a\0\x3d\xd8\x00\xde\x00\xd8z\0z", "a😀�z�"),
    SAMPLE("utf-16be", "\0a\xd8\x3d\xde\x00\xdc\x00\xd8\x00", "a😀��"),
    SAMPLE("iso-2022-kr", "<a href=x>", "�"),
};

static void check_decoded(const struct sample *s, size_t step) {
    OWNED(charset_decoder) struct charset_decoder *d = NULL;
    OWNED_BUF struct buf out = BUF_INIT(1 << 20);

    CHECK_OK(charset_decoder_new(charset_of_label(str_of(s->label)), &d));
    for (size_t at = 0; at < s->bytes.len; at += step)
        CHECK_OK(charset_decode(d, str_upto(str_from(s->bytes, at), step), false, &out));
    CHECK_OK(charset_decode(d, STR_NONE, true, &out));
    CHECK_STR(buf_str(&out), s->utf8);
}

TEST(decodes_in_chunks_of_any_size) {
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        for (size_t step = 1; step <= samples[i].bytes.len; step++)
            check_decoded(&samples[i], step);
    }
}

static void check_encoded(const char *label, const char *utf8, const char *wanted) {
    OWNED_BUF struct buf out = BUF_INIT(1 << 20);

    CHECK_OK(charset_encode(charset_of_label(str_of(label)), str_of(utf8), &out));
    CHECK_STR(buf_str(&out), wanted);
}

TEST(encodes_and_names_what_it_cannot_say) {
    check_encoded("utf-16", "é", "é");
    check_encoded("replacement", "é", "é");
    check_encoded("utf-8", "a\xff", "a�");
    check_encoded("windows-1252", "a€é中", "a\x80\xe9&#20013;");
    check_encoded("windows-1251", "ж�", "\xe6&#65533;");
    check_encoded("x-user-defined", "\xef\x9e\x80é", "\x80&#233;");
    check_encoded("shift_jis", "日¥é", "\x93\xfa\x5c&#233;");
    check_encoded("iso-2022-jp", "a日é本b", "a\x1b$BF|\x1b(B&#233;\x1b$BK\\\x1b(Bb");
    check_encoded("gbk", "中€💩", "\xd6\xd0\x80&#128169;");
    check_encoded("gb18030", "€💩", "\xa2\xe3\x94\x39\xda\x33");
    check_encoded("big5", "中Êa", "\xa4\xa4&#202;a"); /* read by Big5, never written */
    check_encoded("euc-jp", "丂", "&#19970;");
    check_encoded("euc-kr", "한", "\xc7\xd1");
}

TEST(refused_characters_are_said_in_ascii) {
    const struct charset *c = charset_of_label(STR("iso-2022-jp"));
    OWNED_BUF struct buf out = BUF_INIT(1000);

    CHECK_OK(charset_encode(c, STR("\xe3\x81\x82\x0e"), &out));
    CHECK_STR(buf_str(&out), "\x1b$B$\"\x1b(B&#65533;");
}

TEST_MAIN
