set(BITPROOF_TESTS "" CACHE STRING "Build only the tests whose path matches this regular expression; empty: all")

# Builds <folder>/tests/*_test.cpp into one program, which CTest runs in parts, side by side. A process of its own for each
# test would clear every variant again and again. What each part ran lies in gtest/<part>.xml, where tools/count_tests.py
# finds it.
set(BITPROOF_TEST_PARTS 4)
function(bitproof_tests folder)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/*_test.cpp)
  list(FILTER files INCLUDE REGEX "${BITPROOF_TESTS}")
  if(NOT files)
    return()
  endif()
  add_executable(${folder}_tests ${files})
  target_link_libraries(${folder}_tests PRIVATE ${ARGN} bitproof_warnings GTest::gmock GTest::gtest_main)
  target_compile_options(${folder}_tests PRIVATE $<$<CONFIG:Release>:-O0>)  # compiled for minutes, run for seconds
  bitproof_grouped(${folder}_tests)
  bitproof_precompile(${folder}_tests <gmock/gmock.h>)
  target_compile_definitions(${folder}_tests PRIVATE BITPROOF_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  foreach(part RANGE 1 ${BITPROOF_TEST_PARTS})
    math(EXPR index "${part} - 1")
    set(name ${folder}.${part})
    add_test(NAME ${name} COMMAND ${folder}_tests --gtest_output=xml:${PROJECT_BINARY_DIR}/gtest/${name}.xml)
    # Threads that spin at a barrier would starve the other part of CPUs.
    set_tests_properties(${name} PROPERTIES TIMEOUT 900 LABELS ${folder}
      ENVIRONMENT "OMP_WAIT_POLICY=passive;GTEST_TOTAL_SHARDS=${BITPROOF_TEST_PARTS};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()
