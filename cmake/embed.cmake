# Writes the bytes of the file FROM as the C array NAME, and NAME_len, into TO.
file(READ ${FROM} bytes HEX)
file(SIZE ${FROM} size)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
string(REGEX REPLACE "('....','....','....','....',)" "\\1\n" bytes "${bytes}")
file(WRITE ${TO} "#include \"${HEADER}\"\n
const char ${NAME}[] = {\n${bytes}\n0};
const size_t ${NAME}_len = ${size};\n")
