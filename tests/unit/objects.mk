# Which objects each unit test links: one line a test, paths below the build folder.
