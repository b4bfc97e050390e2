#include "base/sha256.h"

#include "tests/test.h"

static const char *hex(struct sha256_sum sum) {
    static char text[2 * SHA256_BYTES + 1];

    for (size_t i = 0; i < SHA256_BYTES; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", sum.bytes[i]);
    return text;
}

static const char *hash_of(struct str whole, size_t piece_len) {
    OWNED(sha256) struct sha256 *h = sha256_new();

    while (whole.len) {
        sha256_put(h, str_upto(whole, piece_len));
        whole = str_from(whole, piece_len);
    }
    return hex(sha256_end(h));
}

/* NIST, CSRC example values */
TEST(hashes_what_the_standard_hashes) {
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

    CHECK_STR(str_of(hash_of(STR_NONE, 1)),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_STR(str_of(hash_of(STR("abc"), 3)),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    for (size_t piece = 1; piece <= sizeof two_blocks; piece++)
        CHECK_STR(str_of(hash_of(str_of(two_blocks), piece)),
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(an_empty_piece_changes_nothing) {
    OWNED(sha256) struct sha256 *h = sha256_new();

    sha256_put(h, STR_NONE);
    sha256_put(h, STR("abc"));
    sha256_put(h, STR(""));
    CHECK_STR(str_of(hex(sha256_end(h))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, test cases 1, 2 and 6 (a key longer than a block) */
TEST(authenticates_as_rfc_4231_does) {
    char key[131];

    memset(key, 0x0b, 20);
    CHECK_STR(str_of(hex(sha256_hmac(str_at(key, 20), STR("Hi There")))),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK_STR(str_of(hex(sha256_hmac(STR("Jefe"), STR("what do ya want for nothing?")))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    CHECK_STR(
        str_of(hex(sha256_hmac(str_at(key, sizeof key),
                               STR("Test Using Larger Than Block-Size Key - Hash Key First")))),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* Also in a row: nothing of the one before is left over. */
TEST(a_key_may_be_empty) {
    const char *wanted = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";

    CHECK_STR(str_of(hex(sha256_hmac(STR_NONE, STR_NONE))), wanted);
    (void)sha256_hmac(STR("key"), STR("message"));
    CHECK_STR(str_of(hex(sha256_hmac(STR_NONE, STR_NONE))), wanted);
}

TEST_MAIN
