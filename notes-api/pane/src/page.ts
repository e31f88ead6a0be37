// The page: who is asking, the list of calls, and the pane of the one that was chosen.

import { Api } from './api';

export const api = new Api();
