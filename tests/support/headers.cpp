// Precompiles what every unit test includes: see tests/CMakeLists.txt.
