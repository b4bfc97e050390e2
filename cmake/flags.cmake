# Warnings, hardening and sanitizers: the same for every target.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(CRAWLD_WERROR)
  add_compile_options(-Werror)
endif()

# What this compiler and processor know of it.
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
  check_c_compiler_flag(-Werror\ ${flag} ${have})
  if(${have})
    add_compile_options(${flag})
  endif()
endforeach()
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)

if(CRAWLD_SANITIZE)
  set(sanitizers ${CRAWLD_SANITIZE})
  if(CRAWLD_FUZZ)
    string(APPEND sanitizers ",fuzzer-no-link")
  endif()
  add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CRAWLD_SANITIZE})
else() # the sanitizers do better what this does, and the two do not mix
  add_compile_options(
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
endif()
