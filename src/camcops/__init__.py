"""CamCOPS: psychiatric and cognitive assessment, from one definition of each instrument."""
