# cmake -DSOURCE=<tree> -DHEADER=<file> -P git_revision.cmake: writes the tree's git revision as a header.
execute_process(COMMAND git describe --always --dirty --abbrev=12 WORKING_DIRECTORY ${SOURCE}
  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define BITPROOF_GIT_REVISION \"${revision}\"\n" @ONLY)
