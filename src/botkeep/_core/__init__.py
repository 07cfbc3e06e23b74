"""What the verbs and the engines share. Private: nothing here is promised to users."""
