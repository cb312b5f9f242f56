include(GoogleTest)

set(BITPROOF_TESTS "" CACHE STRING "Build only the tests whose path matches this regular expression; empty: all")

# Builds <folder>/tests/*_test.cpp into one program and registers each of its tests with CTest.
function(bitproof_tests folder)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/*_test.cpp)
  list(FILTER files INCLUDE REGEX "${BITPROOF_TESTS}")
  if(NOT files)
    return()
  endif()
  add_executable(${folder}_tests ${files})
  target_link_libraries(${folder}_tests PRIVATE ${ARGN} bitproof_warnings GTest::gmock GTest::gtest_main)
  target_compile_options(${folder}_tests PRIVATE $<$<CONFIG:Release>:-O1>)  # compiled for minutes, run for seconds
  bitproof_grouped(${folder}_tests)
  bitproof_precompile(${folder}_tests <gmock/gmock.h>)
  target_compile_definitions(${folder}_tests PRIVATE BITPROOF_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(${folder}_tests TEST_PREFIX "${folder}." DISCOVERY_MODE PRE_TEST
    # Tests run side by side: threads that spin at a barrier would starve the others of CPUs.
    PROPERTIES TIMEOUT 300 LABELS ${folder} ENVIRONMENT OMP_WAIT_POLICY=passive)
endfunction()
