// The words of the panel.

const en = {
  conversations: 'Conversations', participants: 'Participants', case: 'Case', owner: 'Owner', you: 'you',
  noCase: 'No case yet', unreadable: 'You may not read this conversation. The case is kept up to date all the same.',
  notYours: 'Genesys does not list you in this conversation yet.', unknown: 'The case system cannot look up the case now. What is shown may be old.',
  link: {
    starting: 'Connecting …', up: 'Connected', down: 'Connection to Genesys lost. Trying again …',
    deaf: 'Connected, updated every minute', 'host-silent': 'The case system does not answer. Trying again …', trouble: 'Not connected',
  },
  button: { login: 'Log in', waiting: 'Try again' },
  trouble: {
    login: 'Log in to Genesys once more to see your cases.',
    popup: 'The browser has blocked the window. Allow pop-ups for this page, then press the button again.',
    waiting: 'Log in in the window that has opened.',
    failed: 'The login did not succeed. Try it again, or tell your administrator.',
    denied: 'Your login is not accepted here. Administrators: check the organisation and the OAuth client of the case system.',
    misunderstood: 'The case system does not understand the page. Reload it. Administrators: check the URL of the integration.',
    sdk: 'A part of the page did not load. Reload it. Administrators: the browser must reach the address that the SDKs come from.',
    sandbox: 'The page may not use storage. Administrators: add allow-same-origin to the sandbox of the integration.',
    insecure: 'The page needs HTTPS. Administrators: change the URL of the integration.',
  },
  purposes: {
    customer: 'Customer', external: 'External', agent: 'Agent', user: 'Colleague', acd: 'Queue', ivr: 'Menu', workflow: 'Workflow',
    bot: 'Bot', voicemail: 'Voicemail',
  },
  media: {
    call: 'call', callback: 'callback', chat: 'chat', email: 'e-mail', message: 'message', video: 'video',
  },
  states: { alerting: 'ringing', dialing: 'dialling', connected: 'connected', held: 'on hold', wrapup: 'after-call work', over: 'ended' },
};

const de = {
  conversations: 'Gespräche', participants: 'Teilnehmer', case: 'Fall', owner: 'Zuständig', you: 'Sie',
  noCase: 'Noch kein Fall', unreadable: 'Sie dürfen dieses Gespräch nicht lesen. Der Fall wird trotzdem aktuell gehalten.',
  notYours: 'Genesys führt Sie noch nicht in diesem Gespräch.', unknown: 'Das Fallsystem kann den Fall zurzeit nicht nachschlagen. Was zu sehen ist, kann veraltet sein.',
  link: {
    starting: 'Verbindung wird aufgebaut …', up: 'Verbunden', down: 'Verbindung zu Genesys unterbrochen. Neuer Versuch …',
    deaf: 'Verbunden, jede Minute aktualisiert', 'host-silent': 'Das Fallsystem antwortet nicht. Neuer Versuch …', trouble: 'Nicht verbunden',
  },
  button: { login: 'Anmelden', waiting: 'Nochmals versuchen' },
  trouble: {
    login: 'Melden Sie sich noch einmal bei Genesys an, um Ihre Fälle zu sehen.',
    popup: 'Der Browser hat das Fenster blockiert. Erlauben Sie Pop-ups für diese Seite und drücken Sie die Taste noch einmal.',
    waiting: 'Melden Sie sich in dem geöffneten Fenster an.',
    failed: 'Die Anmeldung ist nicht gelungen. Versuchen Sie es noch einmal, oder fragen Sie Ihre Administration.',
    denied: 'Ihre Anmeldung wird hier nicht angenommen. Administration: Organisation und OAuth-Client des Fallsystems prüfen.',
    misunderstood: 'Das Fallsystem versteht die Seite nicht. Laden Sie sie neu. Administration: URL der Integration prüfen.',
    sdk: 'Ein Teil der Seite wurde nicht geladen. Laden Sie sie neu. Administration: Der Browser muss die Adresse der SDKs erreichen.',
    sandbox: 'Die Seite darf keinen Speicher nutzen. Administration: allow-same-origin in die Sandbox der Integration aufnehmen.',
    insecure: 'Die Seite braucht HTTPS. Administration: URL der Integration ändern.',
  },
  purposes: {
    customer: 'Kunde', external: 'Extern', agent: 'Agent', user: 'Kollege', acd: 'Warteschlange', ivr: 'Menü', workflow: 'Workflow',
    bot: 'Bot', voicemail: 'Voicemail',
  },
  media: {
    call: 'Anruf', callback: 'Rückruf', chat: 'Chat', email: 'E-Mail', message: 'Nachricht', video: 'Video',
  },
  states: { alerting: 'klingelt', dialing: 'wählt', connected: 'verbunden', held: 'gehalten', wrapup: 'Nacharbeit', over: 'beendet' },
};

const es = {
  conversations: 'Conversaciones', participants: 'Participantes', case: 'Caso', owner: 'Responsable', you: 'usted',
  noCase: 'Aún no hay caso', unreadable: 'No puede leer esta conversación. El caso se mantiene al día de todos modos.',
  notYours: 'Genesys aún no le incluye en esta conversación.', unknown: 'El sistema de casos no puede consultar el caso ahora. Lo que se muestra puede ser antiguo.',
  link: {
    starting: 'Conectando …', up: 'Conectado', down: 'Sin conexión con Genesys. Intentando de nuevo …',
    deaf: 'Conectado, se actualiza cada minuto', 'host-silent': 'El sistema de casos no responde. Intentando de nuevo …', trouble: 'Sin conexión',
  },
  button: { login: 'Iniciar sesión', waiting: 'Intentar de nuevo' },
  trouble: {
    login: 'Inicie sesión de nuevo en Genesys para ver sus casos.',
    popup: 'El navegador ha bloqueado la ventana. Permita las ventanas emergentes de esta página y pulse el botón de nuevo.',
    waiting: 'Inicie sesión en la ventana que se ha abierto.',
    failed: 'No se pudo iniciar sesión. Inténtelo de nuevo, o avise a su administrador.',
    denied: 'Su sesión no se acepta aquí. Administradores: comprueben la organización y el cliente OAuth del sistema de casos.',
    misunderstood: 'El sistema de casos no entiende la página. Recárguela. Administradores: comprueben la URL de la integración.',
    sdk: 'Una parte de la página no se cargó. Recárguela. Administradores: el navegador debe alcanzar la dirección de los SDK.',
    sandbox: 'La página no puede usar almacenamiento. Administradores: añadan allow-same-origin al sandbox de la integración.',
    insecure: 'La página necesita HTTPS. Administradores: cambien la URL de la integración.',
  },
  purposes: {
    customer: 'Cliente', external: 'Externo', agent: 'Agente', user: 'Compañero', acd: 'Cola', ivr: 'Menú', workflow: 'Flujo',
    bot: 'Bot', voicemail: 'Buzón',
  },
  media: {
    call: 'llamada', callback: 'devolución', chat: 'chat', email: 'correo', message: 'mensaje', video: 'vídeo',
  },
  states: { alerting: 'sonando', dialing: 'marcando', connected: 'conectado', held: 'en espera', wrapup: 'trabajo posterior', over: 'terminado' },
};

const languages = { en, de, es };

// language chooses the first language that is spoken here.
export function language(wanted, others) {
  const tags = [wanted, ...others ?? []].map(tag => tag.toLowerCase().split(/[-_]/)[0]);
  return tags.find(tag => Object.hasOwn(languages, tag)) ?? 'en';
}

export const textsOf = lang => languages[lang];
