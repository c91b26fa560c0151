# What `cmake --install` puts where: libraries, public headers, a CMake package and pkg-config files, all by component.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
file(RELATIVE_PATH up_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
set(TWINLANE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/twinlane)

# twinlane_install_module(target component headers…): headers by their paths from the calling directory
function(twinlane_install_module target component)
  if(NOT TWINLANE_INSTALL)
    return()
  endif()
  install(TARGETS ${target} EXPORT twinlane-${component} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  file(RELATIVE_PATH module ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(header ${ARGN})
    get_filename_component(folder ${header} DIRECTORY)
    install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/twinlane/${module}/${folder})
  endforeach()
endfunction()

# twinlane_component(name LIBRARIES … REQUIRES … LIBS … CFLAGS …): a component of these libraries, the first of them built
# on the others, and its pkg-config file. REQUIRES: other .pc files; LIBS: what has none.
function(twinlane_component name)
  cmake_parse_arguments(C "" "" "LIBRARIES;REQUIRES;LIBS;CFLAGS" ${ARGN})
  list(GET C_LIBRARIES 0 first)
  if(NOT TARGET twinlane::${name})
    add_library(twinlane_${name} INTERFACE)
    add_library(twinlane::${name} ALIAS twinlane_${name})
    set_target_properties(twinlane_${name} PROPERTIES EXPORT_NAME ${name})
    target_link_libraries(twinlane_${name} INTERFACE twinlane::${first})
    twinlane_install_module(twinlane_${name} ${name})
  endif()
  if(NOT TWINLANE_INSTALL)
    return()
  endif()
  install(EXPORT twinlane-${name} NAMESPACE twinlane:: DESTINATION ${TWINLANE_PACKAGE_DIR})
  set(pc_name twinlane-${name})
  if(name STREQUAL "core")
    set(pc_name twinlane)
  endif()
  list(TRANSFORM C_LIBRARIES PREPEND -ltwinlane_)
  list(JOIN C_LIBRARIES " " libraries)
  list(JOIN C_REQUIRES ", " requires)
  list(JOIN C_LIBS " " libs)
  list(JOIN C_CFLAGS " " cflags)
  set(made ${PROJECT_BINARY_DIR}/${pc_name}.pc)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/twinlane.pc.in ${made} @ONLY)
  install(FILES ${made} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# The package that find_package(twinlane COMPONENTS …) finds; after all components.
function(twinlane_install_package)
  if(NOT TWINLANE_INSTALL)
    return()
  endif()
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/twinlaneConfig.cmake.in ${PROJECT_BINARY_DIR}/twinlaneConfig.cmake
                                INSTALL_DESTINATION ${TWINLANE_PACKAGE_DIR} NO_SET_AND_CHECK_MACRO)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/twinlaneConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/twinlaneConfig.cmake ${PROJECT_BINARY_DIR}/twinlaneConfigVersion.cmake
                ${PROJECT_SOURCE_DIR}/cmake/FindCAF.cmake
          DESTINATION ${TWINLANE_PACKAGE_DIR})
  install(FILES ${PROJECT_SOURCE_DIR}/runtime/twinlane.hpp ${PROJECT_SOURCE_DIR}/agents/testing.hpp
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/twinlane)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endfunction()
