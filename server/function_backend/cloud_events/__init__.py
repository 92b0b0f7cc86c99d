"""Events as the rest of the world gets them: CloudEvents 1.0, with the types that the contract declares."""
